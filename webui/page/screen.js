// Draws the lists of Dear ImGui with WebGL 2: triangles, one texture of letters, clipped parts. Nothing else.

const VERTEX = `#version 300 es
uniform vec2 scale;
in vec2 position; in vec2 place; in vec4 color;
out vec2 at; out vec4 tint;
void main() {
    at = place; tint = color;
    gl_Position = vec4(position.x * scale.x - 1.0, 1.0 - position.y * scale.y, 0.0, 1.0);
}`;
const FRAGMENT = `#version 300 es
precision mediump float;
uniform sampler2D letters;
in vec2 at; in vec4 tint;
out vec4 color;
void main() { color = vec4(tint.rgb, tint.a * texture(letters, at).r); }`;
const STRIDE = 20; // of ImDrawVert: position, place in the texture, colour

export class Screen {
    constructor(canvas) {
        this.canvas = canvas;
        this.gl = canvas.getContext('webgl2', { alpha: false, antialias: false, depth: false, powerPreference: 'low-power' });
        if (!this.gl) throw new Error('This browser has no WebGL 2. The plain page works without it.');
        this.lost = false;
        this.build();
    }

    shader(kind, source) {
        const { gl } = this;
        const shader = gl.createShader(kind);
        gl.shaderSource(shader, source);
        gl.compileShader(shader);
        return shader;
    }

    build() {
        const { gl } = this;
        const program = gl.createProgram();
        gl.attachShader(program, this.shader(gl.VERTEX_SHADER, VERTEX));
        gl.attachShader(program, this.shader(gl.FRAGMENT_SHADER, FRAGMENT));
        ['position', 'place', 'color'].forEach((name, i) => gl.bindAttribLocation(program, i, name));
        gl.linkProgram(program);
        if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) throw new Error(gl.getProgramInfoLog(program));
        gl.useProgram(program);
        this.scale = gl.getUniformLocation(program, 'scale');
        gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
        gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
        for (const i of [0, 1, 2]) gl.enableVertexAttribArray(i);
        gl.vertexAttribPointer(0, 2, gl.FLOAT, false, STRIDE, 0);
        gl.vertexAttribPointer(1, 2, gl.FLOAT, false, STRIDE, 8);
        gl.vertexAttribPointer(2, 4, gl.UNSIGNED_BYTE, true, STRIDE, 16);
        gl.enable(gl.BLEND);
        gl.blendFunc(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA);
        gl.enable(gl.SCISSOR_TEST);
        gl.clearColor(11 / 255, 15 / 255, 20 / 255, 1);
        gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
        for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, gl.LINEAR);
        for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, name, gl.CLAMP_TO_EDGE);
    }

    atlas(pixels, width, height) {
        const { gl } = this;
        gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
        gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8, width, height, 0, gl.RED, gl.UNSIGNED_BYTE, pixels);
    }

    begin(width, height, density) {
        const { gl, canvas } = this;
        const [w, h] = [Math.round(width * density), Math.round(height * density)];
        if (canvas.width !== w || canvas.height !== h) {
            canvas.width = w;
            canvas.height = h;
        }
        this.density = density;
        gl.viewport(0, 0, w, h);
        gl.scissor(0, 0, w, h);
        gl.uniform2f(this.scale, 2 / width, 2 / height);
        gl.clear(gl.COLOR_BUFFER_BIT);
    }

    list(vertices, indices) {
        const { gl } = this;
        gl.bufferData(gl.ARRAY_BUFFER, vertices, gl.STREAM_DRAW);
        gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, indices, gl.STREAM_DRAW);
    }

    part(x, y, right, bottom, first, count) {
        const { gl, density } = this;
        const left = Math.max(0, Math.round(x * density));
        const top = Math.max(0, Math.round(y * density));
        const width = Math.round(right * density) - left;
        const height = Math.round(bottom * density) - top;
        if (width <= 0 || height <= 0) return;
        gl.scissor(left, this.canvas.height - top - height, width, height);
        gl.drawElements(gl.TRIANGLES, count, gl.UNSIGNED_SHORT, first * 2);
    }
}

// One character in the machine's own fonts, for names in scripts that the dashboard's typeface does not have.
export function glyph(codepoint, bold, size, width, height, out) {
    glyph.canvas ||= new OffscreenCanvas(1, 1);
    const { canvas } = glyph;
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext('2d', { willReadFrequently: true });
    context.font = `${bold ? 'bold ' : ''}${Math.round(size * 0.8)}px sans-serif`;
    context.fillStyle = '#fff';
    context.textBaseline = 'alphabetic';
    const text = String.fromCodePoint(codepoint);
    context.fillText(text, 0, Math.round(size * 0.82));
    const { data } = context.getImageData(0, 0, width, height);
    for (let i = 0; i < out.length; ++i) out[i] = data[4 * i + 3];
    return context.measureText(text).width;
}
