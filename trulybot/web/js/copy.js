// <button data-copy="#source">: copies the source's text, and says so for a moment.

const SAID_MILLISECONDS = 2000

for (const button of document.querySelectorAll("[data-copy]")) {
  const label = button.textContent
  button.hidden = false
  button.setAttribute("aria-live", "polite")
  button.addEventListener("click", async () => {
    const source = document.querySelector(button.dataset.copy)
    try {
      await navigator.clipboard.writeText(source.textContent)
      button.textContent = "Copied"
    } catch {
      getSelection().selectAllChildren(source)  // Without permission, or over plain HTTP, the person's own Ctrl+C does it.
      button.textContent = "Press Ctrl+C"
    }
    setTimeout(() => (button.textContent = label), SAID_MILLISECONDS)
  })
}
