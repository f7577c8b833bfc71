
"use strict";
(() => {
  const problems = [...document.querySelectorAll("#problems > details")];
  const buttons = [...document.querySelectorAll("[data-filter]")];
  const find = document.getElementById("find");
  const count = document.getElementById("count");
  let kind = "all";
  const update = () => {
    const wanted = find.value.trim().toLowerCase();
    let shown = 0;
    for (const problem of problems) {
      const fits = (kind === "all" || problem.dataset.kind === kind)
        && (wanted === "" || problem.querySelector(".statement").textContent.toLowerCase().includes(wanted));
      problem.hidden = !fits;
      if (fits) shown++;
    }
    count.textContent = `${shown} of ${problems.length}`;
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.filter === kind));
  };
  for (const button of buttons) button.addEventListener("click", () => { kind = button.dataset.filter; update(); });
  find.addEventListener("input", update);
  update();
})();
