// Sorts the table of results by a column when its heading is clicked. A second click reverses the order.
(() => {
  const table = report.section("results").querySelector("table");
  const headings = [...table.tHead.rows[0].cells];

  const sort = (column, direction) => {
    const value = (row) => row.cells[column]?.dataset.value ?? "";
    // Rows without a value come last in both directions.
    const missing = (row) => ["", "nan"].includes(value(row).toLowerCase());
    const compare = (a, b) => (Number.isNaN(a - b) ? a.localeCompare(b) : a - b);
    table.tBodies[0].append(...d3.sort(table.tBodies[0].rows, (a, b) =>
      missing(a) - missing(b) || direction * compare(value(a), value(b))));
  };

  headings.forEach((heading, column) => {
    heading.querySelector("button").addEventListener("click", () => {
      const ascending = heading.ariaSort !== "ascending";
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      sort(column, ascending ? 1 : -1);
    });
  });
})();
