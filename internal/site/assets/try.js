// Sends the forms of a reference page to the sandbox behind it.
"use strict";

for (const form of document.querySelectorAll("form.try")) {
  const media = form.elements.media;
  media?.addEventListener("change", () => {
    for (const body of form.querySelectorAll("[data-media]")) {
      body.hidden = body.dataset.media !== media.value;
    }
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const answer = form.querySelector(".answer");
    answer.replaceChildren("Sending…");
    try {
      const response = await send(form);
      show(answer, response, await response.text());
    } catch (error) {
      answer.replaceChildren(`No answer: ${error.message}. Does customers docs still run?`);
    }
  });
}

function send(form) {
  let path = form.dataset.path;
  const query = new URLSearchParams();
  const headers = new Headers();
  if (form.dataset.accept) {
    headers.set("Accept", form.dataset.accept);
  }
  for (const input of form.querySelectorAll("[data-in]")) {
    if (input.dataset.in === "path") {
      path = path.replace(`{${input.name}}`, encodeURIComponent(input.value));
    } else if (input.value !== "") {
      (input.dataset.in === "query" ? query : headers).append(input.name, input.value);
    }
  }
  const body = form.querySelector("[data-media]:not([hidden])");
  if (body) {
    headers.set("Content-Type", body.dataset.media);
    headers.set("Accept", body.dataset.media);
  }
  if (query.size > 0) {
    path += `?${query}`;
  }
  return fetch(path, { method: form.dataset.method, headers, body: body?.querySelector("textarea").value, cache: "no-store" });
}

function show(answer, response, text) {
  const status = document.createElement("p");
  const code = document.createElement("span");
  code.className = `status s${String(response.status)[0]}`;
  code.textContent = response.status;
  status.append(code, ` ${response.headers.get("Content-Type") ?? "no body"}`);
  answer.replaceChildren(status);
  if (text !== "") {
    const body = document.createElement("pre");
    body.tabIndex = 0;
    body.textContent = pretty(text);
    answer.append(body);
  }
}

// pretty lays JSON out; other texts are shown as they came.
function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
