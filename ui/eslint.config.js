import js from "@eslint/js";
import vue from "eslint-plugin-vue";
import globals from "globals";
import tseslint from "typescript-eslint";
import vueParser from "vue-eslint-parser";

/** Ways to turn a string into markup. Nobody's text may become HTML here, so none of them is used. */
const markupSinks = ["innerHTML", "outerHTML", "insertAdjacentHTML", "srcdoc", "dangerouslyUseHTMLString"].map(
  (name) => ({
    selector: `:matches(MemberExpression, Property)[property.name='${name}'], Property[key.name='${name}']`,
    message: "Text is text: build nodes instead of parsing HTML.",
  }),
);

export default tseslint.config(
  { ignores: ["dist", "node_modules"] },
  js.configs.recommended,
  vue.configs["flat/essential"],
  {
    files: ["**/*.ts", "**/*.vue"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      globals: globals.browser,
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: [".vue"],
      },
    },
    rules: {
      "no-restricted-syntax": ["error", ...markupSinks],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
    },
  },
  {
    files: ["**/*.vue"],
    languageOptions: { parser: vueParser, parserOptions: { parser: tseslint.parser } },
    rules: {
      "vue/no-v-html": "error",
      "vue/no-v-text-v-html-on-component": "error",
      "vue/block-lang": ["error", { script: { lang: "ts" } }],
      "vue/component-api-style": ["error", ["script-setup"]],
      "vue/require-explicit-emits": "error",
      "vue/no-static-inline-styles": "error",
      "vue/no-unused-properties": "error",
      "vue/prefer-separate-static-class": "error",
    },
  },
  { files: ["**/*.{js,mjs}"], languageOptions: { globals: globals.node } },
);
