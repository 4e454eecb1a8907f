// <ul data-events="/address">: rows come and change as the server tells. An event "row" carries a row's HTML, "gone" the id of its element.

for (const list of document.querySelectorAll("[data-events]")) {
  const events = new EventSource(list.dataset.events)
  events.addEventListener("row", ({ data }) => {
    const row = document.createRange().createContextualFragment(data).firstElementChild
    const old = document.getElementById(row.id)
    if (!old) return list.prepend(row)
    const focused = old.contains(document.activeElement)
    old.replaceWith(row)
    if (focused) row.querySelector("button").focus()
  })
  events.addEventListener("gone", ({ data }) => document.getElementById(data)?.remove())
}
