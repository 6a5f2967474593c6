"use strict";
(() => {
  // Everything is readable without this: it only puts rows in another order and hides rows.
  const value = (row, column) => {
    const cell = row.cells[column];
    return "sort" in cell.dataset ? Number(cell.dataset.sort) : cell.firstChild ? cell.firstChild.textContent : "";
  };
  const empty = (x) => x === "" || x === "–";
  const compare = (a, b, sign) => {
    if (empty(a) || empty(b)) return empty(a) - empty(b);
    if (typeof a === "number" && typeof b === "number") return sign * (a - b);
    return sign * String(a).localeCompare(String(b), "en", { numeric: true });
  };
  for (const table of document.querySelectorAll("main table")) {
    const heads = [...table.querySelectorAll("thead tr.columns th")];
    if (table.tBodies[0].rows.length < 2) continue;
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const rows = [...table.tBodies[0].rows];
        rows.sort((a, b) => compare(value(a, column), value(b, column), up ? 1 : -1));
        table.tBodies[0].append(...rows);
      });
    });
  }
  const filter = document.getElementById("filter");
  if (!filter) return;
  filter.hidden = false;
  filter.addEventListener("change", () => {
    const hidden = new Set([...filter.querySelectorAll("input:not(:checked)")].map((box) => box.value));
    for (const row of document.querySelectorAll("main [data-variant]")) {
      row.hidden = hidden.has(row.dataset.variant);
    }
  });
})();
