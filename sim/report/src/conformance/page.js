"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent), matrix = data.matrix;
  const at = (id) => document.getElementById(id);
  const make = (name, className = "", text = "") => {
    const node = document.createElement(name);
    if (className) node.className = className;
    if (text) node.textContent = text;
    return node;
  };
  const link = (path, line) => {
    const node = make("a", "", line ? `${path}:${line}` : path);
    node.href = data.links + path.split("/").map(encodeURIComponent).join("/") + (line ? `#L${line}` : "");
    return node;
  };
  const tone = (verdict) => (verdict === "pass" ? "pass" : verdict.startsWith("pass on") ? "on" : verdict === "fail" ? "fail" : "weak");
  const rows = [];
  const add = (table, cells, text, verdict) => {
    const row = make("tr");
    cells.forEach((cell) => {
      const td = make("td");
      td.append(cell);
      row.append(td);
    });
    at(table).tBodies[0].append(row);
    rows.push({ row, text: text.toLowerCase(), verdict });
    return row;
  };

  matrix.clauses.forEach((clause) => {
    const details = make("details"), list = make("ul");
    details.append(make("summary", "", clause.evidence.length === 1 ? "1 line" : `${clause.evidence.length} lines`), list);
    clause.evidence.forEach((evidence) => {
      const item = make("li");
      item.append(link(evidence.path, evidence.line), ` ${evidence.verdict}${evidence.negative ? ", against" : ""}${evidence.assumptions.length ? ` on ${evidence.assumptions.join(" ")}` : ""}`, make("code", "", evidence.text));
      list.append(item);
    });
    const text = [clause.id, clause.text, clause.verdict, ...clause.evidence.map((one) => `${one.path} ${one.text}`)].join(" ");
    const row = add("clauses", [clause.id, make("span", `verdict ${tone(clause.verdict)}`, clause.verdict), clause.text, clause.evidence.length ? details : "none"], text, tone(clause.verdict));
    row.id = clause.id;
  });
  matrix.commands.forEach((command) => {
    const name = [command.function_type, command.command, command.only].filter(Boolean).join(" ");
    add("commands", [name, command.answered_in ? link(command.answered_in) : make("span", "weak", "not answered")], `${name} ${command.answered_in ?? "not answered"}`, command.answered_in ? "pass" : "weak");
  });
  matrix.codes.forEach((code) => add("codes", [`${code.space} ${code.number}`, code.result, code.text, code.produced_in ? link(code.produced_in) : make("span", "weak", "not produced")], `${code.space} ${code.number} ${code.result} ${code.text} ${code.produced_in ?? "not produced"}`, code.produced_in ? "pass" : "weak"));
  matrix.assumptions.forEach((one) => add("assumptions", [one.id, String(one.scenarios), one.says], `${one.id} ${one.says}`, one.scenarios ? "pass" : "weak"));

  const holds = matrix.clauses.filter((clause) => clause.verdict.startsWith("pass")).length;
  const count = (list, key) => list.filter((one) => one[key]).length;
  at("title").textContent = data.title;
  at("summary").textContent = `${holds} of ${matrix.clauses.length} clauses hold; ${count(matrix.commands, "answered_in")} of ${matrix.commands.length} commands answered; ${count(matrix.codes, "produced_in")} of ${matrix.codes.length} result codes produced`;
  at("bar").style.width = `${matrix.clauses.length ? (100 * holds) / matrix.clauses.length : 0}%`;
  at("tool").textContent = data.tool;
  [["pass", "pass"], ["on", "pass on assumptions"], ["weak", "without full evidence"], ["fail", "fail"]].forEach(([value, text]) => {
    const option = make("option", "", text);
    option.value = value;
    at("only").append(option);
  });

  const filter = () => {
    const words = at("search").value.toLowerCase().split(/\s+/).filter(Boolean), only = at("only").value;
    let shown = 0;
    rows.forEach(({ row, text, verdict }) => {
      const fits = words.every((word) => text.includes(word)) && (!only || verdict === only);
      row.hidden = !fits;
      shown += fits ? 1 : 0;
    });
    document.querySelectorAll("main section").forEach((section) => {
      section.hidden = ![...section.querySelectorAll("tbody tr")].some((row) => !row.hidden);
    });
    at("found").textContent = words.length || only ? `${shown} rows` : "";
  };
  at("search").addEventListener("input", filter);
  at("only").addEventListener("change", filter);
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== at("search")) {
      event.preventDefault();
      at("search").focus();
    }
  });
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => (one.open = true)));
})();
