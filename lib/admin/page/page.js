"use strict";

const say = (id, text) => { document.getElementById(id).textContent = text; };

function show(status) {
  const inbox = (status.inbox || []).reduce((sum, folder) => sum + folder.queued + folder.not_ready, 0);
  say("waiting", inbox);
  say("in-hand", status.in_hand.cases);
  say("delivered", status.counters.delivered);
  say("failed", status.counters.failed);
  say("news", `version ${status.version}, as of ${new Date(status.now).toLocaleTimeString()}`);
  const health = document.getElementById("health");
  const parts = status.health ? status.health.components : [];
  health.replaceChildren(...parts.map((part) => {
    const item = document.createElement("li");
    item.textContent = `${part.ok ? "ok" : "bad"} ${part.name}${part.words ? ": " + part.words : ""}`;
    return item;
  }));
}

const events = new EventSource("events");
events.addEventListener("status", (event) => show(JSON.parse(event.data)));
events.addEventListener("error", () => say("news", "The connection to kycd is lost; these figures are old. Trying again …"));
