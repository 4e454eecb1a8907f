// <form data-swap="#target">: sends itself in the background; the target becomes what is answered, or goes when that is empty.

document.addEventListener("submit", async (event) => {
  const form = event.target
  if (event.defaultPrevented || !form.dataset.swap) return
  event.preventDefault()
  const target = document.querySelector(form.dataset.swap)
  const buttons = form.querySelectorAll("button")
  const focused = target.contains(document.activeElement) && document.activeElement
  target.setAttribute("aria-busy", "true")
  for (const button of buttons) button.disabled = true
  try {
    const response = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { "X-Partial": "true" } })
    if (response.status === 401) return location.reload()  // The session has ended: the page leads to signing in.
    show(target, await response.text(), focused)
  } catch {
    say(target, "That did not reach the server. Check your connection and try again.")
  } finally {
    target.removeAttribute("aria-busy")
    for (const button of buttons) button.disabled = false
  }
})

function show(target, html, focused) {
  const fragment = document.createRange().createContextualFragment(html)
  const fresh = fragment.firstElementChild
  if (fresh && !fresh.id) return say(target, fresh.textContent)
  const neighbour = target.nextElementSibling ?? target.previousElementSibling ?? target.parentElement
  target.replaceWith(fragment)
  fresh?.scrollIntoView({ block: "nearest" })  // On a phone an answer would come below what is seen.
  if (!focused) return
  // Whoever worked with the keyboard goes on from the same place.
  const place = (focused.id && document.getElementById(focused.id)) || fresh?.querySelector("button") || neighbour.querySelector("button")
  place?.focus()
}

function say(target, message) {
  target.querySelector(".notice")?.remove()
  const notice = document.createElement("p")
  notice.className = "notice notice-bad"
  notice.setAttribute("role", "alert")
  notice.textContent = message
  target.append(notice)
}
