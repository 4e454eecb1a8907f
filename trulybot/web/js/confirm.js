// <form data-confirm="Sure?">: asks in #confirmation before it is sent. Loaded or not, the form itself works.

const dialog = document.querySelector("#confirmation")
const sure = new WeakSet()

// In the capture phase, so that whatever else sends the form waits for the answer.
document.addEventListener("submit", (event) => {
  const form = event.target
  if (!form.dataset.confirm || sure.delete(form)) return
  event.preventDefault()
  event.stopPropagation()
  dialog.querySelector("p").textContent = form.dataset.confirm
  dialog.returnValue = ""
  dialog.onclose = () => {
    if (dialog.returnValue !== "yes") return
    sure.add(form)
    form.requestSubmit()
  }
  dialog.showModal()
}, { capture: true })
