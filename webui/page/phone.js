// The plain page: puts what the C++ view-models say into elements. All figures, words and decisions come from there.
import { Module } from './rh.js';

const $ = (id) => document.getElementById(id);
const kMostNotices = 12; // a phone's screen

let track = new URLSearchParams(location.search).get('track') || '';
let rank = Number(localStorage.getItem('racehub.rank')) || 1;
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

// A row with a driver whom one may choose as one's own, and cells for figures behind.
function driverRow(parent, ...kinds) {
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
    for (const kind of kinds) make('td', kind, row);
}

function fillDriver(row, place, driver, details, color) {
    const [position, name] = row.children;
    const button = name.firstChild;
    put(position, place);
    if (row.dataset.color !== color) {
        row.dataset.color = color;
        position.style.borderLeftColor = color;
    }
    put(button.children[0], driver);
    put(button.children[1], details.filter(Boolean).join(' · '));
    const pressed = String(mine === driver);
    if (button.getAttribute('aria-pressed') !== pressed) button.setAttribute('aria-pressed', pressed);
    mark(row, 'mine', mine === driver);
}

const createRow = (parent) => driverRow(parent, 'figure', 'figure', 'figure last', 'figure wide', 'figure');

function fillRow(row, item) {
    fillDriver(row, item.position, item.driver, [item.car, item.note], item.color);
    const [, , laps, running, last, best, gap] = row.children;
    put(laps, item.laps);
    put(running, item.running || item.status);
    put(last, item.last);
    put(best, item.best);
    put(gap, item.gap);
    mark(last, 'best', item.last_is_best && !item.last_is_fastest);
    mark(last, 'fastest', item.last_is_fastest);
    mark(best, 'fastest', item.fastest);
    mark(row, 'crossed', item.just_crossed);
}

function drawHeat(race) {
    show($('heat'), race.heat && race.rows.length > 0);
    show($('held'), race.held);
    put($('held'), race.held ? `Not final. ${race.hold_text}` : '');
    if (!race.heat) return;
    mark($('heat'), 'doubt', race.held);
    put($('heat-time'), race.held ? 'Not final' : 'Time');
    each($('heat-rows'), race.rows, (parent) => driverRow(parent, 'figure big', 'figure big'), (row, item) => {
        fillDriver(row, String(item.lane), item.driver, [item.car, item.note], item.color);
        const timed = item.heat === 'timed';
        put(row.children[2], item.running || (timed ? item.last : item.status || '–'));
        put(row.children[3], timed ? (race.held ? '?' : item.position) : '–');
        mark(row, 'first', timed && !race.held && item.position === '1');
    });
}

function drawSession(session) {
    show($('session'), Boolean(session));
    if (!session) return;
    put($('session-winner'), session.winner && `★ ${session.winner}`);
    put($('session-progress'), [session.name, session.progress, session.rank_text].filter(Boolean).join(' · '));
    each($('board'), session.board, (parent) => driverRow(parent, 'figure', 'figure', 'figure'), (row, item) => {
        fillDriver(row, item.place, item.driver, [item.car, item.note], item.color);
        [item.best, item.average, item.points].forEach((figure, i) => put(row.children[2 + i], figure));
        mark(row, 'first', item.place === '1');
    });
    each($('heats'), session.heats, (parent) => {
        const heat = make('li', '', parent);
        make('b', '', heat);
        make('span', 'dim', heat);
        make('ul', '', heat);
    }, (heat, item) => {
        if (heat.dataset.stage !== item.stage) heat.dataset.stage = item.stage;
        put(heat.children[0], `Heat ${item.heat}`);
        put(heat.children[1], item.stage_text);
        each(heat.children[2], item.lanes, (parent) => make('li', '', parent), (lane, who) => {
            put(lane, `Lane ${who.lane}: ${who.driver}${who.result && `, ${who.result}`}`);
            mark(lane, 'mine', mine === who.driver);
            mark(lane, 'first', who.place === '1');
        });
    });
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
        make('small', '', head);
        make('ol', '', entry);
    }, (entry, item) => {
        put(entry.children[0].children[0], item.position);
        put(entry.children[0].children[1], item.driver);
        put(entry.children[0].children[2], `${item.laps_text} in ${item.total}, best ${item.best}`);
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
    const page = JSON.parse(module.give(track, (pointer) => module.text(module.c.rh_page_json(pointer, lastSpoken, rank))));
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
    show($('table'), !race.heat && race.rows.length > 0);
    each($('rows'), race.heat ? [] : race.rows, createRow, fillRow);
    drawHeat(race);
    drawSession(page.session);
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

for (const choice of document.querySelectorAll('#rank input')) {
    choice.checked = Number(choice.value) === rank;
    choice.onchange = () => {
        rank = Number(choice.value);
        localStorage.setItem('racehub.rank', rank);
        soon();
    };
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
