"use strict";
(() => {
  const { labels, sources, models, capabilities, hosts } = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  const make = (name, attributes = {}, text) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    return element;
  };

  // --- light and dark: the system's choice until somebody makes another -----------------------------------------
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  try { chosen = localStorage.getItem("theme"); } catch { /* a file may not keep anything */ }
  function paint() {
    const theme = chosen ?? (dark.matches ? "dark" : "light");
    document.documentElement.dataset.theme = theme;
    $("theme").setAttribute("aria-pressed", String(theme === "dark"));
  }
  dark.addEventListener("change", paint);
  $("theme").addEventListener("click", () => {
    chosen = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    try { localStorage.setItem("theme", chosen); } catch { /* so it holds for this visit */ }
    paint();
  });
  paint();

  // --- which models are shown, in which order -------------------------------------------------------------------
  const body = $("models").tBodies[0];
  const rows = [...body.rows];
  const form = $("filters");
  let shown = models.map((_, index) => index);

  function wanted() {
    const data = new FormData(form);
    const words = data.get("q").toLowerCase().split(/\s+/).filter(Boolean);
    const price = data.get("price") === "" ? null : Number(data.get("price"));
    const context = Number(data.get("context"));
    const state = data.get("state");
    const from = data.getAll("host");
    const can = data.getAll("can");
    return (model) => {
      const named = `${model.id} ${model.name} ${model.host}`.toLowerCase();
      return words.every((word) => named.includes(word))
        && (price === null || (model.input_price !== null && model.input_price <= price))
        && (!context || (model.context !== null && model.context >= context))
        && (!state || (state === "ending") === (model.retires !== null || model.status === "deprecated"))
        && (!from.length || from.includes(model.provider))
        && can.every((key) => model.can.includes(key));
    };
  }

  function filter() {
    const fits = wanted();
    shown = models.map((_, index) => index).filter((index) => fits(models[index]));
    const visible = new Set(shown);
    for (const row of rows) row.hidden = !visible.has(Number(row.dataset.index));
    $("count").textContent = `${shown.length} of ${models.length} models`;
    $("none").hidden = shown.length > 0;
    const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
    history.replaceState(null, "", query.size ? `#?${query}` : location.pathname + location.search);
    plot();
  }

  function restore() {
    if (!location.hash.startsWith("#?")) return;
    for (const [name, value] of new URLSearchParams(location.hash.slice(2))) {
      for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
        if (field.type !== "checkbox") field.value = value;
        else if (field.value === value) field.checked = true;
      }
    }
  }
  form.addEventListener("input", filter);
  form.addEventListener("reset", () => setTimeout(filter));
  form.addEventListener("submit", (event) => event.preventDefault());

  function sort(button) {
    const head = button.closest("th");
    const key = button.dataset.sort;
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of $("models").tHead.querySelectorAll("[aria-sort]")) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const value = (row) => models[row.dataset.index][key];
    rows.sort((a, b) => {
      const [one, two] = [value(a), value(b)];
      if (one === null || two === null) return (one === null) - (two === null); // what nobody knows comes last
      const order = typeof one === "number" ? one - two : one < two ? -1 : one > two ? 1 : 0;
      return (down ? -order : order) || a.dataset.index - b.dataset.index;
    });
    body.append(...rows);
  }
  for (const button of $("models").tHead.querySelectorAll("[data-sort]")) button.addEventListener("click", () => sort(button));

  // --- who says so: on hover, and on focus by arrow keys --------------------------------------------------------
  const tip = $("tip");
  let described = null;
  function tell(cell, title, text) {
    hush();
    described = cell;
    cell.setAttribute("aria-describedby", "tip");
    tip.replaceChildren(make("b", {}, title), text);
    tip.hidden = false;
    place(cell);
  }
  function place(cell) {
    const box = cell.getBoundingClientRect();
    const left = Math.min(Math.max(8, box.left), innerWidth - tip.offsetWidth - 8);
    const below = box.bottom + 6 + tip.offsetHeight < innerHeight;
    tip.style.left = `${left}px`;
    tip.style.top = `${Math.max(8, below ? box.bottom + 6 : box.top - tip.offsetHeight - 6)}px`;
  }
  function hush() {
    tip.hidden = true;
    described?.removeAttribute("aria-describedby");
    described = null;
  }
  const factOf = (cell) => models[cell.closest("tr").dataset.index].facts[cell.dataset.fact];
  function tellCell(event) {
    const cell = event.target.closest?.("td[data-fact]");
    if (cell) tell(cell, `${labels[cell.dataset.fact]}: ${factOf(cell).value}`, sources[factOf(cell).source]);
  }
  body.addEventListener("mouseover", tellCell);
  body.addEventListener("focusin", tellCell);
  body.addEventListener("mouseleave", hush);
  body.addEventListener("focusout", hush);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hush(); });
  // A focus that scrolls keeps its tip; a pointer that scrolls away loses it.
  const held = () => described && (described === document.activeElement || described.ownerSVGElement === document.activeElement);
  addEventListener("scroll", () => { if (held()) place(described); else hush(); }, { passive: true, capture: true });

  body.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!step || event.target.type === "checkbox") return;
    const cell = event.target.closest("th, td");
    const visible = rows.filter((row) => !row.hidden);
    const row = visible[visible.indexOf(cell.parentElement) + step[0]];
    const next = row?.cells[cell.cellIndex + step[1]];
    if (!next || next.cellIndex === 0) return;
    event.preventDefault();
    (next.querySelector("button") ?? next).focus();
  });

  // --- one model, or up to four side by side --------------------------------------------------------------------
  const most = 4;
  const sheet = $("sheet");
  const boxes = () => [...body.querySelectorAll(".compare")];
  let open = [];

  function picked() {
    return boxes().filter((box) => box.checked).map((box) => Number(box.value));
  }
  function refreshTray() {
    const chosenModels = picked();
    for (const box of boxes()) box.disabled = chosenModels.length >= most && !box.checked;
    $("tray").hidden = chosenModels.length === 0;
    const full = chosenModels.length >= most ? " That is as many as fit side by side." : "";
    $("picked").textContent = `${chosenModels.length} chosen.${full}`;
    $("open-compare").disabled = chosenModels.length < 2;
  }
  body.addEventListener("change", (event) => { if (event.target.matches(".compare")) refreshTray(); });
  $("clear-compare").addEventListener("click", () => {
    for (const box of boxes()) box.checked = false;
    refreshTray();
    $("models").focus();
  });

  function showSheet(indexes) {
    open = indexes;
    const several = indexes.length > 1;
    $("sheet-title").textContent = several ? `Compare ${indexes.length} models` : models[indexes[0]].id;
    $("only").hidden = !several;
    fillSheet();
    if (!sheet.open) sheet.showModal();
    $("sheet-title").focus();
  }
  function fillSheet() {
    const several = open.length > 1;
    const table = make("table");
    table.append(make("caption", { class: "hidden" }, several ? "Facts of the chosen models; rows that differ are marked" : "Facts and who says so"));
    const head = table.createTHead().insertRow();
    head.append(make("th", { scope: "col" }, several ? "Fact" : ""));
    for (const index of open) head.append(make("th", { scope: "col" }, several ? models[index].id : models[index].name));
    if (!several) head.append(make("th", { scope: "col" }, "Who says so"));
    const facts = table.createTBody();
    labels.forEach((label, fact) => {
      const values = open.map((index) => models[index].facts[fact].value);
      const differs = several && new Set(values).size > 1;
      if (several && !differs && $("only-differences").checked) return;
      const row = facts.insertRow();
      row.className = differs ? "differs" : "";
      const name = make("th", { scope: "row" }, label);
      if (differs) name.append(make("span", { class: "hidden" }, " (differs)"));
      row.append(name);
      open.forEach((index, place) => row.append(make("td", { title: several ? sources[models[index].facts[fact].source] : "" }, values[place])));
      if (!several) row.append(make("td", { class: "source" }, sources[models[open[0]].facts[fact].source]));
    });
    $("sheet-body").replaceChildren(table);
    if (!several && models[open[0]].links.length) {
      const list = make("ul", { class: "links", "aria-label": "Pages it was checked against" });
      for (const link of models[open[0]].links) {
        const item = make("li");
        item.append(make("a", { href: link, rel: "noreferrer" }, link.replace("https://", "")));
        list.append(item);
      }
      $("sheet-body").append(list);
    }
  }
  $("open-compare").addEventListener("click", () => showSheet(picked()));
  $("only-differences").addEventListener("change", fillSheet);
  $("close-sheet").addEventListener("click", () => sheet.close());
  sheet.addEventListener("click", (event) => { if (event.target === sheet) sheet.close(); });
  body.addEventListener("click", (event) => {
    const button = event.target.closest(".name");
    if (button) showSheet([Number(button.closest("tr").dataset.index)]);
  });

  // --- the plot -------------------------------------------------------------------------------------------------
  const svg = $("plot");
  const shapes = [
    (x, y, r) => `M${x - r},${y}a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0Z`,
    (x, y, r) => `M${x - r},${y - r}h${2 * r}v${2 * r}h${-2 * r}Z`,
    (x, y, r) => `M${x},${y - 1.25 * r}L${x + 1.2 * r},${y + r}H${x - 1.2 * r}Z`,
    (x, y, r) => `M${x},${y - 1.35 * r}L${x + 1.35 * r},${y}L${x},${y + 1.35 * r}L${x - 1.35 * r},${y}Z`,
    (x, y, r) => `M${x},${y + 1.25 * r}L${x + 1.2 * r},${y - r}H${x - 1.2 * r}Z`,
  ];
  const ids = Object.keys(hosts).sort();
  const shape = (host, x, y, r) => shapes[ids.indexOf(host) % shapes.length](x, y, r);
  const colour = (host) => `var(--c${ids.indexOf(host) % 6})`;
  const draw = (name, attributes, text) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const short = (n) => (n >= 1e6 ? `${+(n / 1e6).toFixed(1)}M` : n >= 1000 ? `${Math.round(n / 1000)}K` : String(n));
  const dollars = (n) => `$${n >= 0.1 && n % 1 ? n.toFixed(2) : +n.toPrecision(3)}`;
  const steps = (low, high, factors) => {
    const ticks = [];
    for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power += 1) {
      for (const factor of factors) if (factor * 10 ** power >= low * .999 && factor * 10 ** power <= high * 1.001) ticks.push(factor * 10 ** power);
    }
    return ticks;
  };
  let points = [];
  let current = null; // the model whose point the keyboard is at

  function plot() {
    const [xKey, yKey, can] = [$("plot-x").value, $("plot-y").value, $("plot-can").value];
    const { width, height } = svg.getBoundingClientRect();
    const pad = { left: 56, right: 16, top: 14, bottom: 46 };
    const placed = shown.filter((index) => models[index][xKey] && models[index][yKey]);
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.replaceChildren();
    points = [];
    if (!placed.length) {
      svg.append(draw("text", { x: width / 2, y: height / 2, "text-anchor": "middle" }, "Nothing to show: no model with both numbers is left."));
      legend(can);
      return;
    }
    const span = (key) => {
      const values = placed.map((index) => models[index][key]);
      return [Math.min(...values) / 1.35, Math.max(...values) * 1.35];
    };
    const [[x0, x1], [y0, y1]] = [span(xKey), span(yKey)];
    const scale = (value, low, high, from, to) => from + ((Math.log(value) - Math.log(low)) / (Math.log(high) - Math.log(low))) * (to - from);
    const x = (value) => scale(value, x0, x1, pad.left, width - pad.right);
    const y = (value) => scale(value, y0, y1, height - pad.bottom, pad.top);
    for (const value of steps(y0, y1, [1, 3])) {
      svg.append(draw("line", { class: "grid", x1: pad.left, x2: width - pad.right, y1: y(value), y2: y(value) }));
      svg.append(draw("text", { x: pad.left - 8, y: y(value) + 4, "text-anchor": "end" }, dollars(value)));
    }
    for (const value of steps(x0, x1, width > 600 ? [1, 2, 4] : [1])) {
      svg.append(draw("line", { class: "grid", x1: x(value), x2: x(value), y1: pad.top, y2: height - pad.bottom }));
      svg.append(draw("text", { x: x(value), y: height - pad.bottom + 18, "text-anchor": "middle" }, short(value)));
    }
    const name = $("plot-x").selectedOptions[0].textContent;
    svg.append(draw("text", { class: "axis-name", x: width - pad.right, y: height - 6, "text-anchor": "end" }, `${name}, tokens →`));
    // Models at one spot stand around it, so that each can be seen.
    const taken = new Map();
    for (const index of placed) {
      const model = models[index];
      const spot = `${model[xKey]}/${model[yKey]}`;
      const nth = taken.get(spot) ?? 0;
      taken.set(spot, nth + 1);
      const [radius, angle] = [nth ? 5.5 * Math.sqrt(nth) : 0, nth * 2.4];
      const [px, py] = [x(model[xKey]) + radius * Math.cos(angle), y(model[yKey]) + radius * Math.sin(angle)];
      const filled = !can || model.can.includes(can);
      const point = draw("path", { class: filled ? "point" : "point hollow", d: shape(model.provider, px, py, filled ? 5.5 : 4), stroke: colour(model.provider), fill: colour(model.provider), "data-index": index });
      if (filled) points.push(point);
      svg[filled ? "append" : "prepend"](point);
    }
    points.sort((a, b) => models[a.dataset.index][xKey] - models[b.dataset.index][xKey] || models[a.dataset.index][yKey] - models[b.dataset.index][yKey]);
    legend(can);
  }
  function legend(can) {
    const items = ids.filter((host) => shown.some((index) => models[index].provider === host)).map((host) => {
      const item = make("li");
      const mark = draw("svg", { viewBox: "0 0 14 14", "aria-hidden": "true" });
      mark.append(draw("path", { d: shape(host, 7, 7, 5), fill: colour(host) }));
      item.append(mark, hosts[host]);
      return item;
    });
    if (can) items.push(make("li", {}, `filled: ${capabilities[can].toLowerCase()}; hollow: not, or nobody knows`));
    $("legend").replaceChildren(...items);
  }
  function tellPoint(point) {
    const model = models[point.dataset.index];
    const [xKey, yKey] = [$("plot-x").value, $("plot-y").value];
    for (const other of svg.querySelectorAll(".on")) other.classList.remove("on");
    point.classList.add("on");
    tell(point, model.id, `${dollars(model[yKey])} per million tokens, ${model[xKey].toLocaleString("en")} tokens`);
    svg.setAttribute("aria-describedby", "tip");
  }
  function leavePlot() {
    for (const other of svg.querySelectorAll(".on")) other.classList.remove("on");
    svg.setAttribute("aria-describedby", "plot-help");
    hush();
  }
  svg.addEventListener("mouseover", (event) => { if (event.target.matches(".point")) tellPoint(event.target); else leavePlot(); });
  svg.addEventListener("mouseleave", leavePlot);
  svg.addEventListener("blur", leavePlot);
  svg.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (step && points.length) {
      event.preventDefault();
      const at = points.findIndex((point) => point.dataset.index === current);
      const next = points[at < 0 ? (step > 0 ? 0 : points.length - 1) : (at + step + points.length) % points.length];
      current = next.dataset.index;
      tellPoint(next);
    } else if (event.key === "Enter" && current !== null) {
      event.preventDefault(); // else the same key would press the button that gets the focus
      toRow(current);
    }
  });
  svg.addEventListener("click", (event) => { if (event.target.matches(".point")) toRow(event.target.dataset.index); });
  function toRow(index) {
    const row = rows.find((one) => one.dataset.index === String(index));
    row.scrollIntoView({ block: "center" });
    row.querySelector(".name").focus();
  }
  for (const id of ["plot-x", "plot-y", "plot-can"]) $(id).addEventListener("change", plot);
  new ResizeObserver(plot).observe(svg);

  // --- how long each ending model still has, on the reader's day ------------------------------------------------
  for (const element of document.querySelectorAll(".left")) {
    const days = Math.ceil((new Date(`${element.dataset.day}T00:00:00`) - new Date()) / 86400000);
    element.textContent = days < 0 ? "over" : days === 0 ? "today" : days === 1 ? "tomorrow" : `in ${days} days`;
    element.classList.toggle("soon", days <= 30);
  }
  for (const link of document.querySelectorAll(".ends a")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      form.reset();
      setTimeout(() => toRow(document.getElementById(link.textContent).dataset.index));
    });
  }

  restore();
  filter();
  refreshTray();
})();
