// The plain page: puts what the C++ view-models say into elements. All figures, words and decisions come from there.
import { Module } from './rh.js';

const $ = (id) => document.getElementById(id);
const kMostNotices = 12; // a phone's screen

let track = new URLSearchParams(location.search).get('track') || '';
let mine = localStorage.getItem('racehub.mine') || ''; // a driver's name
let lastSpoken = 0;
let firstPicture = true;
let timer = 0;
let waiting = false;

// Changing only what differs keeps selections, focus and the screen reader's place.
function put(element, text) {
    if (element.textContent !== text) element.textContent = text;
}
function show(element, visible) {
    if (element.hidden === visible) element.hidden = !visible;
}
function mark(element, name, on) {
    if (element.classList.contains(name) !== on) element.classList.toggle(name, on);
}
function make(tag, className, parent) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    parent.append(element);
    return element;
}
// As many children as there are items, the old ones used again.
function each(parent, items, create, fill) {
    while (parent.children.length > items.length) parent.lastElementChild.remove();
    while (parent.children.length < items.length) create(parent);
    items.forEach((item, i) => fill(parent.children[i], item));
}

function drawTracks(tracks, shown) {
    show($('tracks'), tracks.length > 1);
    each($('tracks'), tracks, (parent) => make('a', '', parent), (link, item) => {
        put(link, item.name);
        link.href = `?track=${encodeURIComponent(item.id)}`;
        if (item.id === shown) link.setAttribute('aria-current', 'page');
        else link.removeAttribute('aria-current');
    });
}

function drawLights(lights) {
    const box = $('lights');
    show(box, lights.shown);
    mark(box, 'go', lights.go);
    each(box, Array(lights.count).fill(0), (parent) => make('i', '', parent), () => {});
    [...box.children].forEach((light, i) => mark(light, 'on', i < lights.lit));
    const label = lights.go ? 'Lights out' : `Start lights: ${lights.lit} of ${lights.count} on`;
    if (box.getAttribute('aria-label') !== label) box.setAttribute('aria-label', label);
}

function createRow(parent) {
    const row = make('tr', '', parent);
    make('td', 'position', row);
    const name = make('th', '', row);
    name.scope = 'row';
    const button = make('button', '', name);
    button.type = 'button';
    button.title = 'My driver';
    button.onclick = () => {
        const driver = button.firstChild.textContent;
        mine = mine === driver ? '' : driver;
        localStorage.setItem('racehub.mine', mine);
        render();
    };
    make('span', '', button);
    make('small', '', button);
    for (const kind of ['figure', 'figure', 'figure last', 'figure wide', 'figure']) make('td', kind, row);
}

function fillRow(row, item) {
    const [position, name, laps, running, last, best, gap] = row.children;
    const button = name.firstChild;
    const [driver, detail] = button.children;
    put(position, item.position);
    if (row.dataset.color !== item.color) {
        row.dataset.color = item.color;
        position.style.borderLeftColor = item.color;
    }
    put(driver, item.driver);
    const pressed = String(mine === item.driver);
    if (button.getAttribute('aria-pressed') !== pressed) button.setAttribute('aria-pressed', pressed);
    put(detail, [item.car, item.note].filter(Boolean).join(' · '));
    put(laps, item.laps);
    put(running, item.running || item.status);
    put(last, item.last);
    put(best, item.best);
    put(gap, item.gap);
    mark(last, 'best', item.last_is_best && !item.last_is_fastest);
    mark(last, 'fastest', item.last_is_fastest);
    mark(best, 'fastest', item.fastest);
    mark(row, 'mine', mine === item.driver);
    mark(row, 'crossed', item.just_crossed);
}

function drawSummary(summary) {
    show($('summary'), Boolean(summary));
    if (!summary) return;
    put($('winner'), summary.winner);
    put($('ended'), [summary.end_reason, summary.fastest].filter(Boolean).join(' · '));
    each($('entries'), summary.entries, (parent) => {
        const entry = make('details', '', parent);
        const head = make('summary', '', entry);
        make('b', '', head);
        make('span', '', head);
        make('ol', '', entry);
    }, (entry, item) => {
        put(entry.children[0].children[0], item.position);
        put(entry.children[0].children[1], `${item.driver}: ${item.laps_text}, ${item.total}, best ${item.best}`);
        each(entry.children[1], item.laps, (parent) => make('li', '', parent), (lap, figures) => {
            put(lap, figures.status ? `${figures.lap} (${figures.status})` : figures.lap);
            mark(lap, 'best', figures.best);
            mark(lap, 'fastest', figures.fastest);
        });
    });
}

function drawNotices(notices) {
    if (notices.length === 0) return;
    lastSpoken = notices[notices.length - 1].seq;
    const feed = $('feed');
    show($('feed-section'), true);
    for (const notice of notices) {
        const item = document.createElement('li');
        item.dataset.tone = notice.tone;
        item.textContent = notice.text;
        feed.prepend(item);
        // What happened before the page was opened is read, not spoken.
        if (notice.spoken && !firstPicture) {
            const spoken = make('p', '', $('spoken'));
            spoken.textContent = notice.text;
        }
    }
    while (feed.children.length > kMostNotices) feed.lastElementChild.remove();
    while ($('spoken').children.length > kMostNotices) $('spoken').firstElementChild.remove();
}

function render() {
    waiting = false;
    clearTimeout(timer);
    const page = JSON.parse(module.give(track, (pointer) => module.text(module.c.rh_page_json(pointer, lastSpoken))));
    const line = $('line');
    put(line, page.connection.text);
    mark(line, 'fresh', page.connection.fresh);
    mark(line, 'old', !page.connection.fresh && page.has_state);
    mark(document.body, 'old', !page.connection.fresh && page.has_state);
    if (!page.has_state) return;
    const race = page.race;
    put($('track'), race.track_name || 'Live timing');
    document.title = `${race.phase_text} – ${race.track_name}`;
    drawTracks(page.tracks, race.track);
    put($('phase'), race.known ? race.phase_text : 'No track yet');
    if ($('strip').dataset.flag !== race.flag) $('strip').dataset.flag = race.flag;
    put($('clock'), race.clock);
    put($('clock-label'), race.clock_label);
    put($('progress'), race.progress || race.rules);
    show($('hint'), Boolean(race.hint));
    put($('hint'), race.hint);
    drawLights(race.lights);
    show($('table'), race.rows.length > 0);
    each($('rows'), race.rows, createRow, fillRow);
    show($('fastest'), Boolean(race.fastest) && !page.summary);
    put($('fastest'), `★ Fastest lap: ${race.fastest}`);
    drawSummary(page.summary);
    drawNotices(page.notices);
    firstPicture = false;
    if (race.running && !document.hidden) timer = setTimeout(soon, Math.max(race.next_change_ms, 5));
}

function soon() {
    if (waiting || document.hidden) return;
    waiting = true;
    requestAnimationFrame(render);
}

const module = new Module({}, soon);
await module.load(new URL('phone.wasm', import.meta.url));
module.c.rh_start();
let seen = -1;
let ageShown = 0;
setInterval(() => {
    const now = module.c.rh_tick();
    const age = Math.floor(performance.now() / 1000);
    const old = document.body.classList.contains('old') || firstPicture;
    if (now !== seen || (old && age !== ageShown)) soon();
    seen = now;
    ageShown = age;
}, 250);
const back = () => {
    module.c.rh_retry_now();
    soon();
};
addEventListener('online', back);
addEventListener('pageshow', back);
document.addEventListener('visibilitychange', () => document.hidden || back());
soon();
