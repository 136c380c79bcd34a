// Sorts the table of results by a column when its heading is clicked. A second click reverses the order.
(() => {
  const table = report.section("results").querySelector("table");
  const headings = [...table.tHead.rows[0].cells];

  const compare = (a, b) => {
    if (a === "" || b === "") return 0;
    const difference = Number(a) - Number(b);
    return Number.isNaN(difference) ? a.localeCompare(b) : difference;
  };

  const sort = (column, direction) => {
    const value = (row) => row.cells[column]?.dataset.value ?? "";
    // Rows without a value come last in both directions.
    const missing = (row) => ["", "nan"].includes(value(row).toLowerCase());
    const rows = [...table.tBodies[0].rows].sort((a, b) =>
      missing(a) - missing(b) || direction * compare(value(a), value(b)));
    table.tBodies[0].append(...rows);
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
