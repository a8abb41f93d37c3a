// Builds what the pages load into pipeline/web/static/built: every .ts and .css file of this folder, named by its
// content so that a browser may keep it for ever, and manifest.json that says which name belongs to which file.
import { build } from "esbuild";
import { copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "static", "built");
const own = readdirSync(here).filter((name) => /\.(ts|css)$/.test(name) && !name.endsWith(".d.ts"));
// MapLibre draws in a worker that must be a file of ours: a policy without blob: allows nothing else.
const entries = [...own.map((name) => join(here, name)), "maplibre-gl/dist/maplibre-gl-worker.mjs"];

rmSync(out, { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: entries,
  outdir: out,
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022"],
  legalComments: "linked",
  metafile: true,
  logLevel: "warning",
});

// Paper has no fonts of its own: what the statement is set in (SIL Open Font Licence 1.1), embedded in each PDF.
const fonts = join(here, "..", "..", "..", "node_modules", "@embedpdf", "fonts-sc");
mkdirSync(join(out, "fonts"));
for (const weight of ["Regular", "Bold"]) {
  const name = `NotoSansHans-${weight}.otf`;
  copyFileSync(join(fonts, "fonts", name), join(out, "fonts", name));
}
copyFileSync(join(fonts, "LICENSE"), join(out, "fonts", "OFL.txt"));

const manifest = {};
for (const [path, { entryPoint }] of Object.entries(metafile.outputs)) {
  if (entryPoint) manifest[basename(entryPoint).replace(/\.(ts|mjs)$/, ".js")] = relative(out, path);
}
writeFileSync(join(out, "manifest.json"), JSON.stringify(manifest, null, 2));
