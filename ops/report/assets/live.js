"use strict";
(() => {
  const by = id => document.getElementById(id);
  const frame = by("report"), many = n => n.toLocaleString("en");
  const time = s => s < 60 ? `${s} s` : `${Math.floor(s / 60)} min ${s % 60} s`;
  let newest = null;

  function line(run) {
    const item = document.createElement("li"), name = document.createElement("b");
    const parts = [time(run.seconds)];
    item.className = run.outcome;
    name.textContent = `${run.task} ${run.outcome}`;
    item.append(name);
    if (run.known && run.outcome === "running") {
      const bar = document.createElement("progress");
      bar.max = run.known;
      bar.value = run.sections;
      bar.setAttribute("aria-label", `${run.task}: sections read`);
      item.append(bar);
      parts.push(`${many(run.sections)} of ${many(run.known)} sections`);
    }
    if (run.items) parts.push(`${many(run.items)} items`);
    parts.push(`${many(run.requests)} requests`);
    if (run.left) parts.push(`about ${time(Math.round(run.left))} left`);
    for (const part of parts) {
      const text = document.createElement("span");
      text.textContent = part;
      item.append(text);
    }
    return item;
  }

  const events = new EventSource("events");
  events.onmessage = event => {
    const state = JSON.parse(event.data);
    by("runs").replaceChildren(...state.runs.map(line), ...state.ended.map(line));
    by("state").hidden = state.runs.length > 0;
    by("state").textContent = "No run is under way.";
    // The view of the report is in its fragment, so that a reload keeps it.
    if (newest !== null && newest !== state.newest) frame.contentWindow.location.reload();
    newest = state.newest;
  };
  events.onerror = () => {
    by("state").hidden = false;
    by("state").textContent = "The server does not answer. It may have been ended.";
  };
  frame.onload = () => {
    document.title = frame.contentDocument.title || "cfops";
    frame.contentWindow.onhashchange = () => history.replaceState(null, "", frame.contentWindow.location.hash || " ");
  };
  if (location.hash) frame.src = `report${location.hash}`;
})();
