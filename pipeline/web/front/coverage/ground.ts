// Ground as a layer of MapLibre: cells of tiles, painted by what they show in the window of days. Where imagery lies on
// it, what was not seen is painted once more above that.
import type { CustomLayerInterface, Map as GlMap } from "maplibre-gl";
import { type Looks, looks, PERIOD } from "./patterns";
import { BLIND, NOT_FLOWN, SEEN, SIDE, SKIPPED, Story } from "./story";
import { cornerOf, type Part, type Square, Squares } from "./squares";
import { COLOURS, type Told, type Window } from "./told";

/** What can be put away, and what cells of it show. */
const SHOWING: Record<string, number[]> = { areas: [NOT_FLOWN], skipped: [SKIPPED], imaged: [BLIND], seen: COLOURS.map((_, age) => SEEN + age) };

const VERTEX = `#version 300 es
uniform vec4 box;
uniform vec3 part;
out highp vec2 at;
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  at = part.xy + corner * part.z;
  gl_Position = vec4(mix(box.xy, box.zw, corner), 0.0, 1.0);
}`;

const FRAGMENT = `#version 300 es
precision highp float;
precision highp int;
precision highp usampler2D;
uniform usampler2D cells;
uniform sampler2D looks;
uniform ivec3 begin; // where patterns begin, in pixels from the south-west, and how long their sides are
in vec2 at;
out vec4 colour;
void main() {
  int kind = int(texelFetch(cells, ivec2(clamp(at * ${SIDE}.0, 0.0, ${SIDE - 1}.0)), 0).r);
  ivec2 place = (ivec2(gl_FragCoord.x, -gl_FragCoord.y) + begin.xy) % begin.z;
  colour = texelFetch(looks, place + ivec2(0, kind * begin.z), 0);
}`;

const GAPS_WEIGHT = 0.7;

interface Held {
  story: Story;
  texture: WebGLTexture | null;
  /** The window that its texture is of. */
  shown: Window | null;
}

/** Patterns of which each kind is shown as much as `weight` says, as a texture. */
class Dress {
  /** None when they have to be drawn anew. */
  looks: Looks | null = null;
  private texture: WebGLTexture | null = null;

  constructor(private readonly weight: (kind: number) => number) {}

  forget(): void {
    this.looks = this.texture = null;
  }

  /** Bind them; how long their sides are. */
  bind(gl: WebGL2RenderingContext, ratio: number): number {
    this.texture ??= gl.createTexture();
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    if (this.looks) return this.looks.side;
    this.looks = looks(ratio, this.weight);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, this.looks.side, this.looks.height, 0, gl.RGBA, gl.UNSIGNED_BYTE, this.looks.pixels);
    unsmoothed(gl);
    return this.looks.side;
  }
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
  private readonly hidden = new Set<number>();
  private readonly all = new Dress((kind) => (this.hidden.has(kind) ? 0 : 1));
  private readonly unseen = new Dress((kind) => (this.hidden.has(kind) || kind >= SEEN ? 0 : GAPS_WEIGHT));
  private window: Window;

  constructor(private readonly map: GlMap, told: Told) {
    this.window = { from: told.from, to: told.to };
    const drop = ({ texture }: Held) => this.gl?.deleteTexture(texture);
    this.squares = new Squares(map, told.tiles.ground, told.zooms.ground, told.bounds, read, drop);
  }

  /** Textures went with the graphics card; all of them are made anew. */
  forget(): void {
    for (const held of this.squares.all()) held.texture = held.shown = null;
    this.all.forget();
    this.unseen.forget();
  }

  /** Show another window of days. */
  paint(window: Window): void {
    this.window = window;
    this.map.triggerRepaint();
  }

  /** Put something away, or show it again. */
  show(what: string, shown: boolean): void {
    for (const kind of SHOWING[what] ?? []) this.hidden[shown ? "delete" : "add"](kind);
    this.all.looks = this.unseen.looks = null;
    this.map.triggerRepaint();
  }

  /** A second layer: of the same cells those that were not seen. */
  gaps(): CustomLayerInterface {
    const render = (gl: WebGL2RenderingContext) => {
      if (this.map.getLayoutProperty("imagery", "visibility") === "visible") this.pass(gl, this.unseen);
    };
    return { id: "gaps", type: "custom", renderingMode: "2d", render };
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
    for (const name of ["box", "part", "cells", "looks", "begin"]) this.drawn[name] = gl.getUniformLocation(program, name);
    this.corners = gl.createVertexArray();
  }

  render(gl: WebGL2RenderingContext): void {
    this.pass(gl, this.all);
  }

  private pass(gl: WebGL2RenderingContext, dress: Dress): void {
    gl.useProgram(this.program);
    gl.bindVertexArray(this.corners);
    gl.disable(gl.DEPTH_TEST);
    gl.disable(gl.STENCIL_TEST);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    for (const [what, how] of [[gl.UNPACK_FLIP_Y_WEBGL, 0], [gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, 0], [gl.UNPACK_ALIGNMENT, 1]] as const) gl.pixelStorei(what, how);
    gl.uniform1i(this.drawn.cells!, 0);
    gl.uniform1i(this.drawn.looks!, 1);
    gl.uniform3i(this.drawn.begin!, ...this.begin(), dress.bind(gl, this.map.getPixelRatio()));
    gl.activeTexture(gl.TEXTURE0);
    for (const square of this.squares.needed()) this.draw(gl, square);
    gl.bindVertexArray(null);
  }

  /** Patterns lie still on the land while it is moved: by how much they are shifted, so that no place is negative. */
  private begin(): [number, number] {
    const { x, y } = this.map.project([0, 0]);
    const { width, height, clientWidth } = this.map.getCanvas();
    const [ratio, side] = [width / clientWidth, Math.max(1, Math.round(PERIOD * this.map.getPixelRatio()))];
    const shift = (number: number) => ((Math.round(number) % side) + side) % side;
    const far = side * Math.ceil(height / side);
    return [shift(-x * ratio), shift(height - y * ratio) + far];
  }

  private draw(gl: WebGL2RenderingContext, square: Square): void {
    const part = this.squares.nearest(square);
    if (!part) for (const quarter of this.squares.quarters(square)) this.lay(gl, quarter.square, quarter);
    else this.lay(gl, square, part);
  }

  private lay(gl: WebGL2RenderingContext, square: Square, part: Part<Held>): void {
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
    if (fresh) {
      gl.texStorage2D(gl.TEXTURE_2D, 1, gl.R8UI, SIDE, SIDE);
      unsmoothed(gl);
    }
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, SIDE, SIDE, gl.RED_INTEGER, gl.UNSIGNED_BYTE, held.story.codes);
  }
}

async function read(answer: Response): Promise<Held> {
  return { story: new Story(await answer.arrayBuffer()), texture: null, shown: null };
}

function unsmoothed(gl: WebGL2RenderingContext): void {
  for (const side of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, side, gl.NEAREST);
}
