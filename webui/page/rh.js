// Loads a WebAssembly module and answers what webui/platform/browser.h asks of the browser. Both faces use it; it decides nothing.

const decoder = new TextDecoder();
const encoder = new TextEncoder();

export class Module {
    // `imports` adds functions to the module "rh"; `changed` is called after something arrived from the hub.
    constructor(imports, changed) {
        this.socket = null;
        this.changed = changed;
        this.imports = {
            rh: {
                now_ms: () => performance.now(),
                random: () => crypto.getRandomValues(new Uint32Array(1))[0],
                socket_open: (path) => this.open(this.text(path)),
                socket_send: (text) => {
                    if (this.socket && this.socket.readyState === WebSocket.OPEN) this.socket.send(this.text(text));
                },
                socket_close: () => this.drop(),
                ...imports,
            },
            env: { emscripten_notify_memory_growth: () => {} },
            // The C library asks for little: a clock, a place for a last message, an end.
            wasi_snapshot_preview1: {
                clock_time_get: (id, precision, out) => {
                    const now = BigInt(Math.round((id === 0 ? Date.now() : performance.now()) * 1e6));
                    new DataView(this.c.memory.buffer).setBigUint64(out, now, true);
                    return 0;
                },
                fd_write: (file, parts, count, written) => this.print(parts, count, written),
                fd_seek: () => 8,
                fd_close: () => 8,
                proc_exit: (code) => {
                    throw new Error(`the page's program ended with ${code}`);
                },
            },
        };
    }

    async load(url) {
        const { instance } = await WebAssembly.instantiateStreaming(fetch(url), this.imports);
        this.c = instance.exports;
        this.c._initialize();
        return this.c;
    }

    // The text that starts at a C pointer.
    text(pointer) {
        const bytes = new Uint8Array(this.c.memory.buffer);
        return decoder.decode(bytes.subarray(pointer, bytes.indexOf(0, pointer)));
    }

    // Calls f with a C copy of the text, freed when it returns.
    give(text, f) {
        const bytes = encoder.encode(text);
        const pointer = this.c.malloc(bytes.length + 1);
        const memory = new Uint8Array(this.c.memory.buffer, pointer, bytes.length + 1);
        memory.set(bytes);
        memory[bytes.length] = 0;
        try {
            return f(pointer);
        } finally {
            this.c.free(pointer);
        }
    }

    open(path) {
        this.drop();
        const socket = new WebSocket(location.origin.replace(/^http/, 'ws') + path);
        this.socket = socket;
        socket.onmessage = (event) => {
            if (socket !== this.socket || typeof event.data !== 'string') return;
            this.give(event.data, (pointer) => this.c.rh_on_text(pointer));
            this.changed();
        };
        socket.onclose = () => {
            if (socket !== this.socket) return;
            this.socket = null;
            this.c.rh_on_closed();
            this.changed();
        };
    }

    drop() {
        const socket = this.socket;
        this.socket = null; // first, so that its late events find it disowned
        if (socket) socket.close();
    }

    print(parts, count, written) {
        const view = new DataView(this.c.memory.buffer);
        let line = '';
        let total = 0;
        for (let i = 0; i < count; ++i) {
            const length = view.getUint32(parts + 8 * i + 4, true);
            line += decoder.decode(new Uint8Array(this.c.memory.buffer, view.getUint32(parts + 8 * i, true), length));
            total += length;
        }
        view.setUint32(written, total, true);
        if (line.trim()) console.error(line.trim());
        return 0;
    }
}
