// For the page, and for the script in the report; run from the repository's root, which holds both (package.json).
import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["page/dist/"] },
  js.configs.recommended,
  { languageOptions: { globals: globals.browser } },
  { files: ["page/**/static{,.test}.js"], languageOptions: { globals: { jatos: "readonly" } } },
  { files: ["src/ganalyze/**"], languageOptions: { sourceType: "script" } },
  { files: ["page/*.{js,mjs}", "page/test/**"], languageOptions: { globals: globals.node } },
];
