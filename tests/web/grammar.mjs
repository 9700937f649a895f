// The TextMate grammar in the engine of VS Code, over every bundled scenario.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import oniguruma from "vscode-oniguruma";
import textmate from "vscode-textmate";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const wasm = readFileSync(createRequire(import.meta.url).resolve("vscode-oniguruma/release/onig.wasm"));
await oniguruma.loadWASM(wasm);
const registry = new textmate.Registry({
  onigLib: Promise.resolve({
    createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
    createOnigString: (text) => new oniguruma.OnigString(text),
  }),
  loadGrammar: async () => {
    const path = join(root, "sim/docs/editor/sca.tmLanguage.json");
    return textmate.parseRawGrammar(readFileSync(path, "utf8"), path);
  },
});
const grammar = await registry.loadGrammar("source.sca");

/** Every word of a text with its innermost scope. */
const tokens = (text) => {
  const found = [];
  let stack = textmate.INITIAL;
  text.split("\n").forEach((line, number) => {
    const result = grammar.tokenizeLine(line, stack);
    stack = result.ruleStack;
    for (const token of result.tokens) {
      const word = line.slice(token.startIndex, token.endIndex);
      if (word.trim()) found.push({ line: number + 1, word: word.trim(), scope: token.scopes.at(-1) });
    }
  });
  return found;
};

const files = readdirSync(join(root, "scenarios"), { recursive: true }).filter((name) => name.endsWith(".sca"));
assert(files.length > 250, `${files.length} scenarios were found`);
let words = 0;
const wrong = [];
const seen = new Set();
for (const name of files) {
  for (const token of tokens(readFileSync(join(root, "scenarios", name), "utf8"))) {
    words += 1;
    seen.add(token.scope);
    if (token.scope === "source.sca" || token.scope.startsWith("invalid")) wrong.push(`${name}:${token.line}: ${token.word} is ${token.scope}`);
  }
}
assert.deepEqual(wrong.slice(0, 20), [], `${wrong.length} words have no colour`);

// What must be told apart is told apart, and every rule is used by some scenario.
const text = [
  'scenario "A title"', "each     (cut, way) in [reset, fin]", "", "terminal A M400", "  WEBSOCKETPINGINTERVAL 10", "", "# a comment",
  "+1.012 A connects  within 5s of a1  as up  covers REC-01", "pos -> A  SESSION START INVOICE={{cut}}  as ask", "A: screen idle ~\"x\\n{{cut}}\"",
  "pos -> A  as xml", "  <TRANSACTION>", "broker answers attempt 1", "  HTTP/1.1 503 Busy", "  Retry-After: 5", "terminal -> pos  !MAC VERSION_INFO=?version  exactly  re ask",
  "fault key-update for 5s", "wiat 5s",
].join("\n");
const expected = [
  [1, "scenario", "keyword.control.title"], [1, '"', "string.quoted"], [2, "each", "keyword.other.header"], [4, "terminal", "support.class.party"], [5, "WEBSOCKETPINGINTERVAL", "variable.other.setting"],
  [5, "10", "constant.numeric"], [7, "# a comment", "comment.line"], [8, "+1.012", "constant.numeric.stamp"], [8, "A", "support.class.party"], [8, "connects", "support.function.doing"],
  [8, "within", "keyword.other.suffix"], [8, "5s", "constant.numeric"], [8, "up", "entity.name.label"], [8, "REC-01", "constant.other.clause"], [9, "->", "keyword.operator.arrow"],
  [9, "SESSION", "entity.name.function.command"], [9, "INVOICE", "variable.parameter.field"], [9, "{{cut}}", "variable.other.insert"], [10, "screen", "keyword.control.step"],
  [10, "idle", "constant.language"], [10, "\\n", "constant.character.escape"], [10, "{{cut}}", "variable.other.insert"], [12, "<TRANSACTION>", "string.unquoted.document"],
  [14, "HTTP/1.1 503 Busy", "string.unquoted.http"], [15, "Retry-After", "entity.name.tag.header"], [16, "!", "keyword.operator.test"], [16, "?version", "variable.other.capture"], [16, "ask", "entity.name.label"],
  [17, "fault", "keyword.control.step"], [17, "key-update", "support.function.doing"], [18, "wiat", "invalid.illegal.statement"],
];
const found = tokens(text);
for (const [line, word, scope] of expected) {
  const token = found.find((token) => token.line === line && token.word === word);
  assert(token?.scope.startsWith(scope), `line ${line}: ${word} is ${token?.scope}, not ${scope}`);
}
console.log(`grammar: ${words} words of ${files.length} scenarios, ${seen.size} kinds, all coloured`);
