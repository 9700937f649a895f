"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const at = (id) => document.getElementById(id);
  const SVG = "http://www.w3.org/2000/svg";
  const ROW = 26, LEFT = 92, GAP = 210, EDGE = 40;
  let row = data.rows[0], chosen = 0, tab = "fields", terminal = 0;

  const make = (name, attributes = {}, text = "") => {
    const node = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text) node.textContent = text;
    return node;
  };
  const html = (name, className = "", text = "") => {
    const node = document.createElement(name);
    if (className) node.className = className;
    if (text) node.textContent = text;
    return node;
  };
  const stamp = (ms) => `${Math.floor(ms / 1000)}.${String(ms % 1000).padStart(3, "0")}`;
  const x = (life) => LEFT + EDGE + life * GAP;
  const cut = (text, room) => (text.length > room ? `${text.slice(0, Math.max(1, room - 1))}…` : text);

  // The colour shows a moment's state: sent by us, read by a line, read by no line, or failed.
  const tone = (moment) => {
    if (moment.failed) return "failed";
    if (moment.kind === "fault") return "fault";
    if (moment.kind === "act") return "act";
    if (moment.read_by.length) return "read";
    const from = row.lifelines[moment.from];
    return moment.kind === "message" && from && from.terminal === null ? "sent" : "unread";
  };

  const arrow = (group, from, to, y, name) => {
    const way = to > from ? 1 : -1;
    group.append(make("line", { class: `arrow ${name}`, x1: from, y1: y, x2: to - way * 7, y2: y }));
    group.append(make("path", { class: `head ${name}`, d: `M${to} ${y} l${-way * 9} -4.5 v9 z` }));
  };

  const draw = (moment, number) => {
    const y = number * ROW, middle = y + ROW - 7, name = tone(moment);
    const width = x(row.lifelines.length) + 160;
    const group = make("g", { class: "row", role: "option", id: `m${number}`, "data-number": number });
    group.append(make("rect", { class: "back", x: 0, y, width, height: ROW }));
    const before = number ? row.moments[number - 1].at : 0;
    if (!number || moment.at !== before) group.append(make("text", { class: "stamp", x: 10, y: middle }, stamp(moment.at)));
    if (moment.at - before >= 1000) {
      group.append(make("line", { class: "gap", x1: LEFT, y1: y + 1, x2: width, y2: y + 1 }));
      group.append(make("text", { class: "gap", x: 10, y: y + 7 }, `${stamp(moment.at - before)} s later`));
    }
    const from = x(moment.from);
    if (moment.to !== null && moment.kind !== "link") {
      const to = x(moment.to);
      arrow(group, from, to, middle, name);
      const start = Math.min(from, to) + 10, room = Math.max(Math.abs(to - from), GAP) / 7.4;
      const said = moment.text.replace(/^\S+ -> \S+\s+/, "");
      const told = moment.failed && row.failure.label ? row.failure.label : said;
      group.append(make("text", { class: moment.failed ? "failed" : "", x: start, y: middle - 6 }, cut(told, room)));
    } else {
      const mark = { link: "●", face: "▭", fault: "⚡", act: "◆", remark: "·" }[moment.kind] || "·";
      const colour = moment.failed ? "failed" : ["fault", "act"].includes(moment.kind) ? moment.kind : "";
      group.append(make("circle", { class: name, cx: from, cy: middle - 4, r: 3.5 }));
      group.append(make("text", { class: colour, x: from + 10, y: middle }, `${mark} ${cut(moment.text.replace(/^# /, ""), 58)}`));
    }
    const title = make("title", {}, moment.text);
    group.append(title);
    group.addEventListener("click", () => choose(number));
    return group;
  };

  // While a link is up, the terminal's lifeline is drawn solid.
  const links = (svg) => {
    const since = new Map();
    const close = (life, y) => {
      if (since.has(life)) svg.append(make("line", { class: "up", x1: x(life), y1: since.get(life), x2: x(life), y2: y }));
      since.delete(life);
    };
    row.moments.forEach((moment, number) => {
      if (moment.kind !== "link") return;
      const y = number * ROW + ROW / 2;
      if (/connects$/.test(moment.text)) since.set(moment.from, y);
      if (/loses$/.test(moment.text)) close(moment.from, y);
    });
    for (const life of [...since.keys()]) close(life, row.moments.length * ROW);
  };

  const ladder = () => {
    const box = at("ladder");
    box.replaceChildren();
    if (row.left_out) box.append(html("p", "faint", `${row.left_out} moments before these are left out`));
    const width = x(row.lifelines.length) + 160, height = (row.moments.length + 1) * ROW;
    const heads = make("svg", { width, height: 30, class: "heads" });
    row.lifelines.forEach((life, number) => heads.append(make("text", { class: "name", x: x(number), y: 20, "text-anchor": "middle" }, life.name)));
    const svg = make("svg", { width, height, "data-moments": row.moments.length });
    row.lifelines.forEach((_, number) => svg.append(make("line", { class: "life", x1: x(number), y1: 0, x2: x(number), y2: height })));
    links(svg);
    row.moments.forEach((moment, number) => svg.append(draw(moment, number)));
    box.append(heads, svg);
  };

  // Marks the FIELD=VALUE pairs that occur in both texts and differ.
  const marked = (text, other) => {
    const part = /([A-Z][A-Z0-9_]*)(!=|<=|>=|=|<|>|~)("(?:[^"\\]|\\.)*"|\S+)/g;
    const values = new Map([...other.matchAll(part)].map((found) => [found[1], found[3]]));
    const box = html("p", "said");
    let done = 0;
    for (const found of text.matchAll(part)) {
      box.append(text.slice(done, found.index));
      const differs = values.has(found[1]) && values.get(found[1]) !== found[3];
      box.append(differs ? html("mark", "", found[0]) : found[0]);
      done = found.index + found[0].length;
    }
    box.append(text.slice(done));
    return box;
  };

  const failure = () => {
    const box = at("failure"), failed = row.failure;
    box.hidden = !failed;
    if (!failed) return;
    box.replaceChildren(html("h2", "", failed.headline));
    const sides = html("div", "sides"), left = html("div"), right = html("div");
    const seen = failed.seen || failed.label;
    left.append(html("h3", "", `expected, ${failed.place}`), marked(failed.expected, seen));
    right.append(html("h3", "", "seen"), marked(seen, failed.expected));
    if (failed.label && failed.label !== seen) right.append(html("p", "faint", failed.label));
    sides.append(left, right);
    const notes = html("ul");
    failed.notes.forEach((note) => notes.append(html("li", "", note)));
    box.append(sides, notes);
  };

  const screen = () => {
    const moment = row.moments[chosen];
    const time = moment ? moment.at : 0;
    const faces = row.moments.slice(0, chosen + 1).filter((m) => m.kind === "face" && row.lifelines[m.from].terminal === terminal);
    const mine = row.screens.filter((face) => face.terminal === terminal);
    const before = mine.filter((face) => face.at < time).length;
    // Of several displays in the same instant, the one that the moments up to here have shown.
    const now = mine.filter((face) => face.at === time).length;
    const told = faces.filter((m) => m.at === time && m.shows).length;
    const face = mine[Math.max(0, before + Math.min(now, Math.max(told, 0)) - 1)];
    const image = at("screen");
    if (face && face.picture !== null) {
      image.src = data.pictures[face.picture];
      image.alt = `screen ${face.name}: ${face.text}`;
    } else {
      image.removeAttribute("src");
      image.alt = "no picture";
    }
    at("shows").textContent = face ? `${row.lifelines.find((l) => l.terminal === terminal)?.name ?? ""}: screen ${face.name}, ${face.connected ? "connected" : "not connected"}` : "";
    at("when").textContent = moment ? `+${stamp(time)} s of ${stamp(row.lasted)} s, moment ${chosen + 1} of ${row.moments.length}` : "";
    at("scrub").value = chosen;
  };

  const panes = {
    fields: (pane, moment) => {
      if (!moment.fields.length) return pane.append(html("p", "faint", "no fields"));
      const table = html("table");
      moment.fields.forEach(([name, value]) => {
        const line = html("tr");
        line.append(html("td", "", name), html("td", "", value));
        table.append(line);
      });
      pane.append(table);
    },
    document: (pane, moment) => pane.append(moment.document ? html("pre", "", moment.document) : html("p", "faint", "no document")),
    frames: (pane, moment) => {
      if (!moment.frames.length) pane.append(html("p", "faint", "no frames were kept"));
      moment.frames.forEach(([about, dump]) => pane.append(html("p", "faint", about), html("pre", "dump", dump)));
    },
    source: (pane, moment) => {
      const lines = new Set([moment.line, ...moment.read_by, row.failure && moment.failed ? row.failure.place : null]
        .map((place) => (/^line (\d+)/.exec(place || "") || [])[1]).filter(Boolean).map(Number));
      const text = html("pre");
      data.source.forEach((line, number) => {
        const here = lines.has(number + 1);
        const node = html("span", here ? "here" : "", `${String(number + 1).padStart(3)}  ${line}\n`);
        text.append(node);
        if (here) setTimeout(() => node.scrollIntoView({ block: "nearest" }), 0);
      });
      pane.append(text);
    },
  };

  const detail = () => {
    const moment = row.moments[chosen], pane = at("pane");
    pane.replaceChildren();
    if (!moment) return;
    at("text").textContent = moment.text;
    const by = moment.line ? `played by ${moment.line}` : moment.read_by.length ? `read by ${moment.read_by.join(", ")}` : "not read by any line";
    at("reading").textContent = moment.failed ? `${row.failure.place} expected something else; the run failed here` : by;
    panes[tab](pane, moment);
    for (const name of Object.keys(panes)) at(`tab-${name}`).setAttribute("aria-selected", String(name === tab));
  };

  const choose = (number, scrolls = true) => {
    const last = row.moments.length - 1;
    at(`m${chosen}`)?.classList.remove("chosen");
    chosen = Math.max(0, Math.min(last, number));
    const node = at(`m${chosen}`);
    node?.classList.add("chosen");
    at("ladder").setAttribute("aria-activedescendant", `m${chosen}`);
    if (scrolls) node?.scrollIntoView({ block: "nearest" });
    const life = row.moments[chosen] && row.lifelines[row.moments[chosen].from];
    if (life && life.terminal !== null) pick(life.terminal);
    screen();
    detail();
  };

  const pick = (who) => {
    terminal = who;
    [...at("terminals").children].forEach((button) => button.setAttribute("aria-selected", String(Number(button.dataset.who) === who)));
  };

  const show = (number) => {
    row = data.rows[number];
    chosen = 0;
    const verdict = at("verdict");
    verdict.textContent = row.verdict;
    verdict.className = `verdict ${row.verdict}`;
    const terminals = row.lifelines.filter((life) => life.terminal !== null);
    at("terminals").hidden = terminals.length < 2;
    at("terminals").replaceChildren(...terminals.map((life) => {
      const button = html("button", "", life.name);
      button.dataset.who = life.terminal;
      button.addEventListener("click", () => { pick(life.terminal); screen(); });
      return button;
    }));
    at("scrub").max = Math.max(0, row.moments.length - 1);
    pick(0);
    failure();
    ladder();
    choose(row.failure && row.failure.seen_at !== null ? row.failure.seen_at : row.failure ? row.moments.length - 1 : 0);
  };

  at("title").textContent = data.title;
  at("path").textContent = data.path;
  at("replay").textContent = data.replay;
  at("clauses").textContent = data.clauses.join(" ");
  at("rows").hidden = data.rows.length < 2;
  data.rows.forEach((one, number) => {
    const option = html("option", "", `${one.verdict}: ${one.name || "the only row"}`);
    option.value = number;
    at("row").append(option);
  });
  at("more").textContent = data.all_rows > data.rows.length ? `${data.rows.length} of ${data.all_rows} rows are shown` : "";
  at("row").addEventListener("change", (event) => show(Number(event.target.value)));
  at("scrub").addEventListener("input", (event) => choose(Number(event.target.value)));
  for (const name of Object.keys(panes)) at(`tab-${name}`).addEventListener("click", () => { tab = name; detail(); });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || /^(select|textarea)$/i.test(event.target.tagName)) return;
    const last = row.moments.length - 1;
    const moves = { ArrowDown: chosen + 1, j: chosen + 1, ArrowUp: chosen - 1, k: chosen - 1, PageDown: chosen + 15, PageUp: chosen - 15, Home: 0, End: last };
    if (event.key in moves) choose(moves[event.key]);
    else if (event.key === "f" && row.failure) choose(row.failure.seen_at ?? last);
    else if (/^[1-4]$/.test(event.key)) { tab = Object.keys(panes)[Number(event.key) - 1]; detail(); }
    else return;
    event.preventDefault();
  });
  show(0);
})();
