// Ground as a layer of MapLibre: cells of tiles, painted by what they show in the window of days.
import type { CustomLayerInterface, Map as GlMap } from "maplibre-gl";
import { BLIND, NOT_FLOWN, SEEN, SIDE, SKIPPED, Story } from "./story";
import { cornerOf, type Square, Squares } from "./squares";
import { COLOURS, type Told, type Window } from "./told";

/** What can be put away, and what cells of it show. */
const SHOWING: Record<string, number[]> = { areas: [NOT_FLOWN], skipped: [SKIPPED], imaged: [BLIND], seen: COLOURS.map((_, age) => SEEN + age) };
const PERIOD = 14; // of all patterns, in pixels of the page

const VERTEX = `#version 300 es
uniform vec4 box;
uniform vec3 part;
out highp vec2 at;
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  at = part.xy + corner * part.z;
  gl_Position = vec4(mix(box.xy, box.zw, corner), 0.0, 1.0);
}`;

// The patterns are those of the legend: strokes rising to the right, a lattice, dots.
const FRAGMENT = `#version 300 es
precision highp float;
precision highp usampler2D;
uniform usampler2D cells;
uniform uint hidden;
uniform vec3 screen; // where patterns begin, in pixels of the page from the north-west, and device pixels of one
uniform vec2 weight; // of what was seen, and of patterns
in vec2 at;
out vec4 colour;
float stroke(float run) {
  float far = min(run, 7.0 - run) / 1.4142;
  return clamp((0.6 - far) * screen.z + 0.5, 0.0, 1.0);
}
float dot2(vec2 place, float middle) {
  return clamp((1.7 - distance(place, vec2(middle))) * screen.z + 0.5, 0.0, 1.0);
}
void main() {
  uint code = texelFetch(cells, ivec2(clamp(at * ${SIDE}.0, 0.0, ${SIDE - 1}.0)), 0).r;
  if (code == 0u || ((hidden >> code) & 1u) == 1u) discard;
  vec2 place = vec2(gl_FragCoord.x, -gl_FragCoord.y) / screen.z - screen.xy;
  vec3 paint;
  if (code == ${NOT_FLOWN}u) paint = mix(${paint("#ecede9")}, ${paint("#3c424a")}, stroke(mod(place.x + place.y, 7.0)));
  else if (code == ${SKIPPED}u) {
    vec2 inside = mod(place, ${PERIOD}.0);
    paint = mix(${paint("#fdf0e6")}, ${paint("#8a3b00")}, max(dot2(inside, 3.5), dot2(inside, 10.5)));
  } else if (code == ${BLIND}u) {
    float lattice = max(stroke(mod(place.x + place.y, 7.0)), stroke(mod(place.x - place.y, 7.0)));
    paint = mix(${paint("#e6def0")}, ${paint("#4a286e")}, lattice);
  }
  ${COLOURS.map((colour, age) => `else if (code == ${SEEN + age}u) paint = ${paint(colour)};`).join("\n  ")}
  float much = code >= ${SEEN}u ? weight.x : weight.y;
  colour = vec4(paint * much, much);
}`;

interface Held {
  story: Story;
  texture: WebGLTexture | null;
  /** The window that its texture is of. */
  shown: Window | null;
}

export class Ground implements CustomLayerInterface {
  readonly id = "ground";
  readonly type = "custom";
  readonly renderingMode = "2d";
  readonly squares: Squares<Held>;
  private readonly drawn: Record<string, WebGLUniformLocation | null> = {};
  private program: WebGLProgram | null = null;
  private corners: WebGLVertexArrayObject | null = null;
  private gl: WebGL2RenderingContext | null = null;
  private hidden = 0;
  private seeThrough = false;
  private window: Window;

  constructor(private readonly map: GlMap, told: Told) {
    this.window = { from: told.from, to: told.to };
    const drop = ({ texture }: Held) => this.gl?.deleteTexture(texture);
    this.squares = new Squares(map, told.tiles.ground, told.zooms.ground, told.bounds, read, drop);
  }

  /** Show another window of days. */
  paint(window: Window): void {
    this.window = window;
    this.map.triggerRepaint();
  }

  /** Put something away, or show it again. */
  show(what: string, shown: boolean): void {
    for (const code of SHOWING[what] ?? []) this.hidden = shown ? this.hidden & ~(1 << code) : this.hidden | (1 << code);
    this.map.triggerRepaint();
  }

  /** Let what lies below show through. */
  letThrough(through: boolean): void {
    this.seeThrough = through;
    this.map.triggerRepaint();
  }

  onAdd(_: GlMap, gl: WebGL2RenderingContext): void {
    this.gl = gl;
    const program = (this.program = gl.createProgram());
    for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]] as const) {
      const shader = gl.createShader(kind)!;
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program) ?? "no program");
    for (const name of ["box", "part", "cells", "hidden", "screen", "weight"]) this.drawn[name] = gl.getUniformLocation(program, name);
    this.corners = gl.createVertexArray();
  }

  render(gl: WebGL2RenderingContext): void {
    const { drawn } = this;
    gl.useProgram(this.program);
    gl.bindVertexArray(this.corners);
    gl.activeTexture(gl.TEXTURE0);
    gl.disable(gl.DEPTH_TEST);
    gl.disable(gl.STENCIL_TEST);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.uniform1i(drawn.cells!, 0);
    gl.uniform1ui(drawn.hidden!, this.hidden);
    gl.uniform2f(drawn.weight!, this.seeThrough ? 0.25 : 1, this.seeThrough ? 0.7 : 1);
    gl.uniform3f(drawn.screen!, ...this.anchor(), this.map.getPixelRatio());
    for (const square of this.squares.needed()) this.draw(gl, square);
    gl.bindVertexArray(null);
  }

  /** Patterns lie still on the land: they begin at one place of it. */
  private anchor(): [number, number] {
    const { x, y } = this.map.project([0, 0]);
    const rest = (number: number) => ((number % PERIOD) + PERIOD) % PERIOD;
    return [rest(x), rest(y - this.map.getCanvas().clientHeight)];
  }

  private draw(gl: WebGL2RenderingContext, square: Square): void {
    const part = this.squares.nearest(square);
    if (!part) return;
    const { clientWidth, clientHeight } = this.map.getCanvas();
    const begin = this.map.project(cornerOf(square));
    const end = this.map.project(cornerOf({ ...square, column: square.column + 1, row: square.row + 1 }));
    this.bind(gl, part.held);
    gl.uniform4f(this.drawn.box!, (2 * begin.x) / clientWidth - 1, 1 - (2 * begin.y) / clientHeight, (2 * end.x) / clientWidth - 1, 1 - (2 * end.y) / clientHeight);
    gl.uniform3f(this.drawn.part!, part.left, part.top, part.side);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  }

  /** Bind the texture of a tile, made anew if it is of another window. */
  private bind(gl: WebGL2RenderingContext, held: Held): void {
    const fresh = !held.texture;
    held.texture ??= gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, held.texture);
    if (held.shown === this.window) return;
    held.story.tell(this.window);
    held.shown = this.window;
    for (const [what, how] of [[gl.UNPACK_FLIP_Y_WEBGL, 0], [gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, 0], [gl.UNPACK_ALIGNMENT, 1]] as const) gl.pixelStorei(what, how);
    if (fresh) {
      gl.texStorage2D(gl.TEXTURE_2D, 1, gl.R8UI, SIDE, SIDE);
      for (const side of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, side, gl.NEAREST);
    }
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, SIDE, SIDE, gl.RED_INTEGER, gl.UNSIGNED_BYTE, held.story.codes);
  }
}

async function read(answer: Response): Promise<Held> {
  return { story: new Story(await answer.arrayBuffer()), texture: null, shown: null };
}

/** A colour as the shader writes it. */
function paint(hex: string): string {
  const parts = [1, 3, 5].map((at) => (parseInt(hex.slice(at, at + 2), 16) / 255).toFixed(4));
  return `vec3(${parts.join(", ")})`;
}
