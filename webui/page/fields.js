// Real <input> elements over the canvas, one for each text field that C++ drew: touch keyboards, input methods, selection, paste and
// password managers are the browser's own. C++ says where and what; this file tells it what was typed.

const encoder = new TextEncoder();

export class Fields {
    // `typed(id, value)`, `focus(id, focused, commit)`, as platform/dashboard_main.cpp has it
    constructor(parent, typed, focus) {
        this.parent = parent;
        this.typed = typed;
        this.focus = focus;
        this.inputs = new Map();
        this.seen = new Set();
    }

    place(id, label, value, x, y, w, h, clipTop, clipBottom, kind, mostBytes) {
        this.seen.add(id);
        const input = this.inputs.get(id) || this.create(id, label, kind & 1, kind & 2, kind & 4);
        input.mostBytes = mostBytes;
        if (document.activeElement !== input && input.value !== value) input.value = value;
        const where = `${x},${y},${w},${h},${clipTop},${clipBottom}`;
        if (input.where === where) return;
        input.where = where;
        const { style } = input;
        style.left = `${x}px`;
        style.top = `${y}px`;
        style.width = `${w}px`;
        style.height = `${h}px`;
        const [above, below] = [Math.max(0, clipTop - y), Math.max(0, y + h - clipBottom)];
        style.clipPath = above || below ? `inset(${above}px 0 ${below}px 0)` : 'none';
        style.visibility = above + below >= h ? 'hidden' : 'visible';
    }

    // All fields of this frame have been placed; the others are gone.
    end() {
        for (const [id, input] of this.inputs) {
            if (this.seen.has(id)) continue;
            this.inputs.delete(id);
            input.remove();
        }
        this.seen.clear();
    }

    create(id, label, secret, figures, repeat) {
        const input = document.createElement('input');
        input.type = secret ? 'password' : 'text';
        input.inputMode = figures ? 'decimal' : 'text';
        const setting = id.startsWith('settings/'); // neither a name nor the PIN
        if (secret && !setting) input.inputMode = 'numeric';
        input.autocomplete = !secret ? 'off' : setting ? 'new-password' : 'current-password';
        input.autocapitalize = setting ? 'none' : 'words';
        input.spellcheck = false;
        input.enterKeyHint = 'done';
        input.setAttribute('aria-label', label);
        let atFocus = '';
        let commit = false;
        input.addEventListener('focus', () => {
            atFocus = input.value;
            commit = false;
            this.typed(id, input.value);
            this.focus(id, true, 0);
        });
        input.addEventListener('input', () => {
            while (encoder.encode(input.value).length > input.mostBytes) input.value = [...input.value].slice(0, -1).join('');
            this.typed(id, input.value);
        });
        input.addEventListener('keydown', (event) => {
            event.stopPropagation(); // its letters are not hotkeys
            if (event.isComposing) return;
            if (event.key === 'Enter' && repeat) {
                this.focus(id, true, 2);
                atFocus = input.value = '';
            } else if (event.key === 'Enter') {
                commit = true;
                input.blur();
            } else if (event.key === 'Escape') {
                input.value = atFocus;
                this.typed(id, atFocus);
                input.blur();
            }
        });
        input.addEventListener('keyup', (event) => event.stopPropagation());
        input.addEventListener('blur', () => this.focus(id, false, commit ? 2 : input.value !== atFocus ? 1 : 0));
        this.inputs.set(id, input);
        this.parent.append(input);
        return input;
    }
}
