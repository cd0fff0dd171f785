import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vitest/config";

/** Pages of the customers and of the staff. `build/check-dist.mjs` looks at every one of them. */
const PAGES = ["chat.html", "me.html", "desk.html", "console.html"];

/**
 * Two builds into one folder: the pages (with their hashed assets) and, with `--mode widget`, `widget.js`: one file under a name that never changes, because it
 * stands in other people's pages.
 */
export default defineConfig(({ mode }) => ({
  plugins: [
    vue({
      template: {
        // Long static parts would be set by innerHTML, which the pages' content policy forbids.
        compilerOptions: { transformHoist: null },
      },
    }),
  ],
  define: { __VUE_PROD_DEVTOOLS__: "false" },
  // A web service of one's own to develop against: `ZHIKE_DEV_SERVER=http://127.0.0.1:8080 npm run dev`.
  server: {
    proxy: Object.fromEntries(
      ["/ws", "/api", "/media"].map((path) => [
        path,
        { target: process.env.ZHIKE_DEV_SERVER ?? "http://127.0.0.1:8080", ws: path === "/ws" },
      ]),
    ),
  },
  build: {
    target: ["es2020", "chrome87", "safari14", "firefox101"],
    outDir: "dist",
    emptyOutDir: mode !== "widget",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    ...(mode === "widget"
      ? {
          lib: {
            entry: "widget/widget.ts",
            formats: ["iife" as const],
            name: "ZhikeWidget",
            fileName: () => "widget.js",
          },
        }
      : { rolldownOptions: { input: PAGES } }),
  },
  test: { include: ["{shared,widget,desk,console}/**/*.test.ts"], environment: "node" },
}));
