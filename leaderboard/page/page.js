"use strict";

// Tabs, sorting, details and sound for the leaderboard. The numbers stand in the table already;
// what the details say comes from the JSON in the page, as text, never as markup.

(() => {
  const boards = JSON.parse(document.getElementById("data").textContent);
  const sections = [...document.querySelectorAll("section.board")];
  const tabs = [...document.querySelectorAll(".tab")];
  const tip = document.getElementById("tip");
  const viewText = document.getElementById("view-text")?.textContent;
  const state = { dataset: boards[0].name, sort: "", direction: "", columns: "", against: "" };

  document.documentElement.classList.add("script");

  // ---- State: what is shown stands in the address, so that a view can be sent to somebody. ----

  function readAddress() {
    const asked = new URLSearchParams(location.hash.slice(1));
    const known = boards.some((board) => board.name === asked.get("dataset"));
    state.dataset = known ? asked.get("dataset") : boards[0].name;
    state.sort = asked.get("sort") ?? "";
    state.direction = asked.get("direction") === "descending" ? "descending" : "ascending";
    state.columns = asked.get("columns") === "all" ? "all" : "";
    state.against = asked.get("against") ?? "";
  }

  function writeAddress() {
    const shown = new URLSearchParams({ dataset: state.dataset });
    if (state.sort) {
      shown.set("sort", state.sort);
      shown.set("direction", state.direction);
    }
    if (state.columns) shown.set("columns", state.columns);
    if (state.against) shown.set("against", state.against);
    history.replaceState(null, "", "#" + shown);
  }

  function show() {
    boards.forEach((board, i) => {
      const chosen = board.name === state.dataset;
      sections[i].hidden = !chosen;
      tabs[i].setAttribute("aria-selected", String(chosen));
      tabs[i].tabIndex = chosen ? 0 : -1;
    });
    sections.forEach((section) => {
      showColumns(section, state.columns === "all");
      showPlot(section);
      sort(section);
    });
  }

  function change(changes) {
    Object.assign(state, changes);
    writeAddress();
    show();
  }

  // ---- Tabs ----

  document.getElementById("tabs").setAttribute("role", "tablist");
  tabs.forEach((tab, i) => {
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", sections[i].id);
    sections[i].setAttribute("role", "tabpanel");
    tab.addEventListener("click", (event) => {
      event.preventDefault();
      stop();
      change({ dataset: boards[i].name });
    });
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1, Home: -i, End: tabs.length - 1 - i }[event.key];
      if (step === undefined && event.key !== " ") return;
      event.preventDefault();
      const next = tabs[(i + (step ?? 0) + tabs.length) % tabs.length];
      next.click();
      next.focus();
    });
  });

  // ---- Sorting: models among models, references among references; no value always comes last. ----

  function sort(section) {
    const heads = [...section.querySelectorAll(".scores [data-sort]")];
    const head = heads.find((th) => th.dataset.sort === state.sort);
    heads.forEach((th) => th.setAttribute("aria-sort", th === head ? state.direction : "none"));
    const sign = state.direction === "descending" ? -1 : 1;
    section.querySelectorAll(".scores tbody:not(.bounds)").forEach((body) => {
      const rows = [...body.rows].sort((a, b) => a.dataset.row - b.dataset.row);
      if (head) rows.sort((a, b) => compare(valueOf(a), valueOf(b), sign));
      body.append(...rows);
    });
  }

  function valueOf(row) {
    const cell = [...row.cells].find((one) => one.dataset.column === state.sort);
    const text = cell?.dataset.value;
    if (text === undefined) return null;
    return cell.classList.contains("number") ? Number(text) : text;
  }

  function compare(a, b, sign) {
    if (a === null || b === null) return (a === null) - (b === null);
    return sign * (typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true }));
  }

  function bestFirst(section, name) {
    const column = dataOf(section).columns.find((one) => one.name === name);
    return column?.higher_is_better ? "descending" : "ascending";
  }

  function dataOf(section) {
    return boards[sections.indexOf(section)];
  }

  sections.forEach((section) => {
    section.querySelectorAll(".scores [data-sort]").forEach((th) => {
      th.querySelector("button").addEventListener("click", () => {
        const other = state.direction === "ascending" ? "descending" : "ascending";
        const again = state.sort === th.dataset.sort;
        const direction = again ? other : bestFirst(section, th.dataset.sort);
        change({ sort: th.dataset.sort, direction });
      });
    });
    section.querySelector(".all-columns").addEventListener("change", (event) => {
      change({ columns: event.target.checked ? "all" : "" });
    });
    section.querySelector(".save").addEventListener("click", () => save(dataOf(section)));
    section.querySelector(".choose-plot")?.addEventListener("change", (event) => {
      change({ against: event.target.value });
    });
  });

  function showColumns(section, all) {
    section.querySelector(".scores").classList.toggle("all", all);
    section.querySelector(".all-columns").checked = all;
    section.querySelectorAll(".families th").forEach((th) => {
      const count = Number(all ? th.dataset.all : th.dataset.main);
      th.hidden = count === 0;
      th.colSpan = Math.max(1, count);
    });
  }

  function showPlot(section) {
    const plots = [...section.querySelectorAll(".plot")];
    if (plots.length === 0) return;
    const chosen = plots.find((plot) => plot.dataset.column === state.against) ?? plots[0];
    plots.forEach((plot) => plot.toggleAttribute("hidden", plot !== chosen));
    section.querySelector(".choose-plot").value = chosen.dataset.column;
  }

  function save(board) {
    const link = document.createElement("a");
    const blob = new Blob([JSON.stringify(board, null, 2)], { type: "application/json" });
    link.href = URL.createObjectURL(blob);
    link.download = `toysound-${board.name.replace(/[^\w-]+/g, "-")}.json`;
    link.click();
    URL.revokeObjectURL(link.href);
  }

  // ---- Details: one tooltip for heads, models and numbers, on hover and on focus. ----

  function element(tag, text, ...children) {
    const made = document.createElement(tag);
    made.textContent = text;
    made.append(...children);
    return made;
  }

  function pairs(entries) {
    const kept = entries.filter(([, value]) => value !== null && value !== "");
    return element("dl", "", ...kept.map(([term, value]) =>
      element("div", "", element("dt", term), element("dd", String(value)))));
  }

  function withUnit(value, unit) {
    if (value === null || value === undefined) return null;
    return `${Number(value.toPrecision(4))}${unit ? " " + unit : ""}`;
  }

  function headDetails(board, name) {
    const column = board.columns.find((one) => one.name === name);
    if (name === "representation") {
      return [element("strong", "View"), element("p", viewText)];
    }
    if (!column) {
      return [
        element("strong", "model"),
        element("p", "References are there to compare with. Below each name: how many training " +
          "seeds the row puts together, and who made the numbers. Self-reported: the model's " +
          "author; recomputed: from its codes and sounds; re-run: from the model. Told: what its " +
          "training knew besides the sounds; such rows are a class of their own."),
      ];
    }
    const direction = { true: "higher is better ↑", false: "lower is better ↓" };
    return [
      element("strong", column.label),
      element("p", column.description || "No definition is registered for this number."),
      pairs([
        ["direction", direction[column.higher_is_better] ?? "neither good nor bad"],
        ["unit", column.unit || "none"],
        ["ceiling", withUnit(column.ceiling, column.unit)],
        ["floor", withUnit(column.floor, column.unit)],
        ["from", column.reference],
      ]),
    ];
  }

  function modelDetails(row) {
    return [
      element("strong", row.model),
      ...(row.citation ? [element("p", row.citation)] : []),
      pairs([
        ["source", row.source],
        ["format", row.format],
        ["view", row.representation],
        ["told besides the sounds", row.supervision],
        ["parameters", row.parameters?.toLocaleString("en") ?? null],
        ["seeds", row.seeds.join(", ")],
        ["assurance", row.assurance],
        ["Python", row.python],
        ["CPU", row.cpu],
      ]),
    ];
  }

  function numberDetails(board, row, name) {
    const column = board.columns.find((one) => one.name === name);
    const cell = row.cells[name];
    const title = element("strong", `${row.model}: ${column.label}`);
    if (!cell) return [title, element("p", "This metric was not computed for this model.")];
    if (cell.value === null) return [title, element("p", `No value: ${cell.reason}`)];
    const over = cell.interval_over === "seeds"
      ? `95 % over ${cell.seeds} seeds (t)` : "95 % over sounds, 1 seed";
    return [title, pairs([
      ["value", withUnit(cell.value, column.unit)],
      [over, cell.interval && cell.interval.map((end) => withUnit(end, "")).join(" to ")],
      ["ceiling", withUnit(cell.ceiling, column.unit)],
      ["floor", withUnit(cell.floor, column.unit)],
      ["seeds with a value", row.seeds.length > 1 ? `${cell.seeds} of ${row.seeds.length}` : null],
    ])];
  }

  function detailsOf(target) {
    const board = dataOf(target.closest("section.board"));
    const head = target.closest("thead th");
    if (head) return headDetails(board, head.dataset.sort);
    const row = board.rows[target.closest("tr").dataset.row];
    const name = target.closest("[data-column]").dataset.column;
    if (name === "model" || name === "representation") return modelDetails(row);
    return numberDetails(board, row, name);
  }

  let described = null;
  let leaving = 0;

  function openTip(target) {
    clearTimeout(leaving);
    if (described === target && !tip.hidden) return;
    closeTip();
    described = target;
    tip.replaceChildren(...detailsOf(target));
    target.setAttribute("aria-describedby", "tip");
    tip.hidden = false;
    placeTip();
  }

  function placeTip() {
    const box = described.getBoundingClientRect();
    const width = document.documentElement.clientWidth;
    const left = Math.min(Math.max(8, box.left), Math.max(8, width - tip.offsetWidth - 8));
    const below = box.bottom + 6 + tip.offsetHeight <= innerHeight || box.top < tip.offsetHeight + 12;
    const top = below ? box.bottom + 6 : box.top - tip.offsetHeight - 6;
    tip.style.left = `${left + scrollX}px`;
    tip.style.top = `${top + scrollY}px`;
  }

  function closeTip() {
    described?.removeAttribute("aria-describedby");
    described = null;
    tip.hidden = true;
  }

  function closeSoon() {
    clearTimeout(leaving);
    leaving = setTimeout(closeTip, 150);
  }

  const WITH_DETAILS = ".scores thead button, .scores tbody:not(.bounds) [data-column]";

  document.addEventListener("pointerover", (event) => {
    if (tip.contains(event.target)) return clearTimeout(leaving);
    const target = event.target.closest(WITH_DETAILS);
    if (target) openTip(target);
    else if (described && described !== document.activeElement) closeSoon();
  });
  document.addEventListener("focusin", (event) => {
    const target = event.target.closest(WITH_DETAILS);
    if (target) openTip(target);
    else closeTip();
  });
  document.addEventListener("focusout", closeSoon);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") closeTip();
  });
  document.addEventListener("scroll", () => {
    if (described && described === document.activeElement) placeTip();
    else closeSoon();
  }, { capture: true, passive: true });

  // ---- Moving between numbers: one stop of the tab key per table, then the arrow keys. ----

  sections.forEach((section) => {
    const table = section.querySelector(".scores");
    const first = table.querySelector("tbody [data-column]");
    if (first) first.tabIndex = 0;
    table.addEventListener("focusin", (event) => {
      const cell = event.target.closest("tbody [data-column]");
      if (!cell) return;
      table.querySelectorAll('tbody [tabindex="0"]').forEach((one) => { one.tabIndex = -1; });
      cell.tabIndex = 0;
    });
    table.addEventListener("keydown", (event) => {
      const cell = event.target.closest("tbody [data-column]");
      const steps = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };
      const step = steps[event.key];
      if (!cell || !step) return;
      event.preventDefault();
      const rows = [...table.querySelectorAll("tr[data-row]")];
      const row = rows[rows.indexOf(cell.parentElement) + step[0]];
      const visible = row && [...row.cells].filter((one) => one.offsetParent !== null);
      const place = [...cell.parentElement.cells]
        .filter((one) => one.offsetParent !== null).indexOf(cell);
      visible?.[place + step[1]]?.focus();
    });
  });

  // ---- Sound: one at a time, one volume for all. ----

  let playing = null;

  function stop() {
    if (!playing) return;
    const { audio, button } = playing;
    playing = null;
    audio.pause();
    audio.currentTime = 0;
    button.setAttribute("aria-pressed", "false");
  }

  function follow() {
    if (!playing) return;
    const { audio, button } = playing;
    button.style.setProperty("--played", String(audio.currentTime / audio.duration || 0));
    requestAnimationFrame(follow);
  }

  document.querySelectorAll(".sound").forEach((button) => {
    const audio = button.parentElement.querySelector("audio");
    button.setAttribute("aria-pressed", "false");
    audio.addEventListener("ended", () => { if (playing?.audio === audio) stop(); });
    button.addEventListener("click", () => {
      const again = playing?.audio === audio;
      stop();
      if (again) return;
      playing = { audio, button };
      button.setAttribute("aria-pressed", "true");
      audio.play().then(follow, () => { if (playing?.audio === audio) stop(); });
    });
  });

  document.querySelectorAll(".volume").forEach((slider, _, all) => {
    slider.addEventListener("input", () => {
      all.forEach((one) => { one.value = slider.value; });
      document.querySelectorAll("audio").forEach((audio) => { audio.volume = slider.value; });
    });
  });

  addEventListener("hashchange", () => { readAddress(); show(); });
  readAddress();
  show();
})();
