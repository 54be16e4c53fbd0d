// Shows the validations that hold the searched words and have the chosen state.
const search = document.querySelector("#search");
const state = document.querySelector("#state");
const rows = [...document.querySelectorAll("#runs tbody tr")];

function filter() {
  const words = search.value.toLowerCase().split(/\s+/);
  let shown = 0;
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    const wanted = words.every((word) => text.includes(word));
    row.hidden = !wanted || (state.value !== "" && row.dataset.state !== state.value);
    shown += row.hidden ? 0 : 1;
  }
  document.querySelector("#shown").textContent = `${shown} of ${rows.length} shown`;
}

if (search) {
  search.form.addEventListener("submit", (event) => event.preventDefault());
  search.addEventListener("input", filter);
  state.addEventListener("change", filter);
  filter();
}
