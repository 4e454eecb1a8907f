// <form data-drop-zone="#list" data-largest-bytes="…" data-too-large="why">: takes dropped or chosen files, sends them one by one, and shows how far each is.

for (const form of document.querySelectorAll("[data-drop-zone]")) {
  const list = document.querySelector(form.dataset.dropZone)
  const input = form.querySelector("[type=file]")
  form.classList.add("is-ready")
  form.addEventListener("submit", (event) => event.preventDefault())
  input.addEventListener("change", () => {
    take(form, list, input.files)
    input.value = ""
  })
  let depth = 0  // Entering a child fires a leave of its parent: over is what was entered and not left.
  const over = (change) => form.classList.toggle("is-over", (depth = Math.max(0, depth + change)) > 0)
  form.addEventListener("dragenter", () => over(1))
  form.addEventListener("dragleave", () => over(-1))
  form.addEventListener("dragover", (event) => event.preventDefault())
  form.addEventListener("drop", (event) => {
    event.preventDefault()
    over(-depth)
    take(form, list, event.dataTransfer.files)
  })
}

async function take(form, list, files) {
  const waiting = Array.from(files, (file) => ({ file, row: addRow(list, file) }))
  for (const { file, row } of waiting) {
    if (file.size > form.dataset.largestBytes) refuse(row, form.dataset.tooLarge)
    else await send(form.action, file, row)
  }
}

/** XMLHttpRequest, because fetch cannot tell how much of a file has gone up. */
function send(address, file, row) {
  return new Promise((resolve) => {
    const body = new FormData()
    body.append("file", file)
    const request = new XMLHttpRequest()
    request.open("POST", address)
    request.setRequestHeader("X-Partial", "true")
    request.upload.addEventListener("progress", ({ loaded, total }) => row.querySelector("progress").value = loaded / total)
    request.addEventListener("load", () => {
      if (request.status === 401) location.reload()  // The session has ended: the page leads to signing in.
      else if (request.status < 300) arrive(row, request.responseText)
      else refuse(row, textOf(request.responseText))
    })
    request.addEventListener("error", () => refuse(row, "The file did not reach the server. Check your connection and drop it again."))
    request.addEventListener("loadend", resolve)
    request.send(body)
  })
}

function addRow(list, file) {
  const row = document.createElement("li")
  row.className = "document"
  const title = Object.assign(document.createElement("p"), { className: "document-title", textContent: file.name, dir: "auto" })
  const status = Object.assign(document.createElement("span"), { className: "status status-queued", textContent: "Uploading" })
  const progress = Object.assign(document.createElement("progress"), { max: 1, value: 0, ariaLabel: `Uploading ${file.name}` })
  row.append(title, status, progress)
  list.prepend(row)
  return row
}

function arrive(row, html) {
  const fragment = document.createRange().createContextualFragment(html)
  // News of the document may have come before this answer, and the same file may be there already.
  for (const fresh of fragment.querySelectorAll("[id]")) document.getElementById(fresh.id)?.remove()
  row.replaceWith(fragment)
}

function refuse(row, message) {
  row.querySelector("progress").remove()
  const status = row.querySelector(".status")
  status.className = "status status-failed"
  status.textContent = "Not taken"
  row.append(Object.assign(document.createElement("p"), { className: "document-error", role: "alert", textContent: message }))
}

function textOf(html) {
  return new DOMParser().parseFromString(html, "text/html").body.textContent.trim() || "The server refused this file."
}
