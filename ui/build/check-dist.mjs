// Fails the build when what was built would not fit other people's pages or our own content policy.
import { readFileSync, readdirSync } from "node:fs";
import { gzipSync } from "node:zlib";

const WIDGET_LIMIT = 30 * 1000;
const problems = [];

const widget = readFileSync("dist/widget.js");
const size = gzipSync(widget, { level: 9 }).length;
console.log(`dist/widget.js  ${(widget.length / 1000).toFixed(1)} kB, gzip ${(size / 1000).toFixed(1)} kB (limit 30)`);
if (size > WIDGET_LIMIT) problems.push(`widget.js is ${size} bytes gzipped, the limit is ${WIDGET_LIMIT}`);

const pages = readdirSync("dist").filter((name) => name.endsWith(".html"));
for (const name of pages) {
  const page = readFileSync(`dist/${name}`, "utf8");
  if (/<script(?![^>]*\bsrc=)/.test(page)) problems.push(`${name} has an inline script`);
  if (/<style|\sstyle=/.test(page)) problems.push(`${name} has an inline style`);
  if (/\son[a-z]+=/.test(page)) problems.push(`${name} has an inline event handler`);
  const files = [...page.matchAll(/(?:src|href)="\.?\/(assets\/[^"]+\.(?:js|css))"/g)].map((match) => match[1]);
  const sizes = files.map((file) => gzipSync(readFileSync(`dist/${file}`), { level: 9 }).length);
  const total = sizes.reduce((sum, one) => sum + one, 0);
  console.log(`dist/${name}  ${files.length} files, gzip ${(total / 1000).toFixed(1)} kB`);
}

for (const asset of readdirSync("dist/assets")) {
  if (!/-[\w-]{8}\.\w+$/.test(asset)) problems.push(`assets/${asset} has no hash in its name`);
}
for (const file of ["dist/widget.js", ...readdirSync("dist/assets").map((name) => `dist/assets/${name}`)]) {
  if (/\beval\(|new Function\(/.test(readFileSync(file, "utf8"))) problems.push(`${file} evaluates strings as code`);
}

for (const problem of problems) console.error(`error: ${problem}`);
process.exit(problems.length ? 1 : 0);
