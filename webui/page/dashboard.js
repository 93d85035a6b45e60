// The canvas page: hands size, input and answers to C++ and draws when C++ wants to be drawn. Decides nothing.
import { Fields } from './fields.js';
import { Module } from './rh.js';
import { Screen, glyph } from './screen.js';

const query = new URLSearchParams(location.search);
// Who comes to the bare address with a phone wants to watch; race control is one link away from there.
if (!query.has('view') && matchMedia('(pointer: coarse)').matches && Math.min(screen.width, screen.height) < 600) {
    location.replace('phone.html' + location.search);
}

const stage = document.getElementById('stage');
const canvas = document.getElementById('canvas');
const splash = document.getElementById('splash');
const spoken = document.getElementById('spoken');
const kMostSpoken = 10;

let scheduled = false;
let timer = 0;
let picture = null;
try {
    picture = new Screen(canvas);
} catch (error) {
    splash.firstChild.textContent = `${error.message} `;
    throw error;
}

const bytes = (pointer, length) => new Uint8Array(module.c.memory.buffer, pointer, length);

async function session(text) {
    let status = 0;
    let body = '';
    try {
        const answer = await fetch('api/session', text ? { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: text }
            : { method: 'DELETE' });
        status = answer.status;
        body = await answer.text();
    } catch {
        // No answer: status 0 says so.
    }
    module.give(body, (pointer) => module.c.rh_on_session(status, pointer));
    soon();
}

async function get(path) {
    let status = 0;
    let body = '';
    try {
        const answer = await fetch(path);
        status = answer.status;
        body = await answer.text();
    } catch {
        // No answer: status 0 says so.
    }
    module.give(path, (asked) => module.give(body, (text) => module.c.rh_on_got(asked, status, text)));
    soon();
}

async function send(method, path, text) {
    let status = 0;
    let body = '';
    try {
        const answer = await fetch(path, method === 'POST' ? { method, headers: { 'Content-Type': 'application/json' }, body: text } : { method });
        status = answer.status;
        body = await answer.text();
    } catch {
        // No answer: status 0 says so.
    }
    module.give(method, (how) => module.give(path, (asked) => module.give(body, (said) => module.c.rh_on_sent(how, asked, status, said))));
    soon();
}

function download(path) {
    const link = document.createElement('a');
    link.href = path;
    link.download = '';
    link.click();
}

function speak(text) {
    const line = document.createElement('p');
    line.textContent = text;
    spoken.append(line);
    while (spoken.children.length > kMostSpoken) spoken.firstElementChild.remove();
}

const text = (pointer) => module.text(pointer);
const module = new Module({
    draw_begin: (width, height, density) => picture.begin(width, height, density),
    draw_list: (vertices, size, indices, count) => picture.list(bytes(vertices, size), bytes(indices, 2 * count)),
    draw_part: (x, y, right, bottom, first, count) => picture.part(x, y, right, bottom, first, count),
    atlas: (pixels, width, height) => {
        picture.letters = [pixels, width, height];
        picture.atlas(bytes(pixels, width * height), width, height);
    },
    glyph: (codepoint, bold, size, width, height, pixels) => glyph(codepoint, bold, size, width, height, bytes(pixels, width * height)),
    field: (id, label, value, ...rest) => fields.place(text(id), text(label), text(value), ...rest),
    fields_end: () => fields.end(),
    show_query: (search) => window.history.replaceState(null, '', text(search)),
    session: (body) => session(text(body)),
    get: (path) => get(text(path)),
    send: (method, path, body) => send(text(method), text(path), text(body)),
    download: (path) => download(text(path)),
    zone_minutes: (ms) => -new Date(ms).getTimezoneOffset(),
    speak: (line) => speak(text(line)),
}, soon);

const fields = new Fields(stage, (id, value) => {
    module.give(id, (name) => module.give(value, (typed) => module.c.rh_field_typed(name, typed)));
    soon();
}, (id, focused, commit) => {
    module.give(id, (name) => module.c.rh_field_focus(name, focused, commit));
    // What was entered is taken over before the next letter comes, from however fast a scanner.
    if (commit === 2 && focused) frame();
    else soon();
});

function soon() {
    if (scheduled || document.hidden || !module.c) return;
    scheduled = true;
    requestAnimationFrame(frame);
}

function frame() {
    scheduled = false;
    clearTimeout(timer);
    if (picture.lost) return;
    ++window.racehub.frames;
    const before = performance.now();
    const after = module.c.rh_frame();
    const now = performance.now();
    window.racehub.first_ms ||= now;
    window.racehub.drawing_ms += now - before;
    if (after >= 0) timer = setTimeout(soon, after < 4 ? 0 : after - 2);
}

function resize() {
    module.c.rh_resize(stage.clientWidth, stage.clientHeight, devicePixelRatio);
    soon();
}

function listen() {
    addEventListener('resize', resize);
    stage.addEventListener('mousemove', (event) => {
        module.c.rh_mouse_moved(event.clientX, event.clientY);
        soon();
    });
    stage.addEventListener('mousedown', (event) => {
        if (event.button !== 0 || event.target !== canvas) return;
        if (document.activeElement instanceof HTMLInputElement) document.activeElement.blur();
        module.c.rh_mouse_moved(event.clientX, event.clientY);
        module.c.rh_mouse_button(1);
        event.preventDefault();
        soon();
    });
    addEventListener('mouseup', (event) => {
        if (event.button !== 0) return;
        module.c.rh_mouse_button(0);
        soon();
    });
    stage.addEventListener('mouseleave', () => {
        module.c.rh_mouse_left();
        soon();
    });
    stage.addEventListener('wheel', (event) => {
        const unit = event.deltaMode === 1 ? 32 : event.deltaMode === 2 ? 400 : 1;
        module.c.rh_wheel(event.deltaX * unit, event.deltaY * unit);
        if (!event.ctrlKey) event.preventDefault();
        soon();
    }, { passive: false });
    const touches = { touchstart: 1, touchmove: 2, touchend: 3, touchcancel: 4 };
    for (const [name, kind] of Object.entries(touches)) {
        stage.addEventListener(name, (event) => {
            const touch = event.changedTouches[0];
            if (kind === 1 && event.target === canvas && document.activeElement instanceof HTMLInputElement) document.activeElement.blur();
            if (module.c.rh_touch(kind, touch.clientX, touch.clientY) && event.cancelable) event.preventDefault();
            soon();
        }, { passive: false });
    }
    for (const down of [1, 0]) {
        addEventListener(down ? 'keydown' : 'keyup', (event) => {
            if (event.repeat && down) return;
            const ours = module.give(event.code, (code) => module.c.rh_key(code, down));
            const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
            if (ours && plain && /^(Arrow|Page|Home|End|Space)/.test(event.code)) event.preventDefault();
            soon();
        });
    }
    addEventListener('blur', () => {
        module.c.rh_focus_lost();
        soon();
    });
    canvas.addEventListener('webglcontextlost', (event) => {
        event.preventDefault();
        picture.lost = true;
    });
    canvas.addEventListener('webglcontextrestored', () => {
        picture.lost = false;
        picture.build();
        const [pixels, width, height] = picture.letters;
        picture.atlas(bytes(pixels, width * height), width, height);
        soon();
    });
}

// What happens to the page as a whole.
function listenToPage() {
    const back = () => {
        module.c.rh_retry_now();
        soon();
    };
    addEventListener('online', back);
    addEventListener('pageshow', back);
    document.addEventListener('visibilitychange', () => {
        if (document.hidden) module.c.rh_hidden();
        else back();
    });
}

try {
    await module.load(new URL('dashboard.wasm', import.meta.url));
} catch (error) {
    splash.firstChild.textContent = 'Race control could not be loaded. ';
    throw error;
}
// What is typed is set in the typeface of what is drawn; it travels inside the module.
document.fonts.add(new FontFace('RaceHub', bytes(module.c.rh_font(), module.c.rh_font_size()).slice()));
module.give(location.search, (search) => module.c.rh_start(search));
module.c.rh_resize(stage.clientWidth, stage.clientHeight, devicePixelRatio);
// For tests, and for whoever drives the page by a script.
window.racehub = { items: () => JSON.parse(module.text(module.c.rh_items())), frames: 0, drawing_ms: 0, first_ms: 0 };
listen();
listenToPage();
splash.hidden = true;
soon();
setInterval(() => module.c.rh_tick() && soon(), 250);
