"""The page of the contact sheet: its frame, its style and its script.

They stand in Python so that they are installed with it; :mod:`toysound.sheet` fills them in. The
page's content security policy forbids every request and every script but this one, which it names
by its hash. Without script the browser's own players are shown, so nothing is lost but comfort.
"""

from string import Template

PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:;\
 media-src data:; style-src 'unsafe-inline'; script-src 'sha256-$script_hash'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>ToySound $name</title>
<style>
$style</style>
</head>
<body>
<header>
<h1>$name</h1>
<p class="lead">$question</p>
<p>$facts</p>
<p class="quiet">In each row one factor moves and the others stay at their middle value. A picture
is a sound, $seconds&nbsp;s from left to right, 64 mel bands from low to high, $floor to $ceiling dB
re full scale from dark to bright. Choose one to hear it; arrow keys lead from sound to sound.</p>
<div class="tools">
<label>Volume <input type="range" id="volume" min="0" max="1" step="0.05" value="1"></label>
</div>
</header>
<main>
$rows
</main>
<section aria-labelledby="factors">
<h2 id="factors">Factors</h2>
<div class="scroll" tabindex="0" role="region" aria-labelledby="factors">
<table>
<thead><tr><th scope="col">factor</th><th scope="col">what one hears</th><th scope="col">kind</th>\
<th scope="col">values</th><th scope="col">just noticeable</th>\
<th scope="col">smallest step seen</th></tr></thead>
<tbody>
$table
</tbody>
</table>
</div>
<p class="quiet">Just noticeable: the smallest difference listeners hear in the best conditions, or
the ratio. Smallest step seen: the smallest RMS difference between the log-mel spectrograms of two
neighbours; of a sample of them in datasets of more than 30,000 sounds.</p>
</section>
<section aria-labelledby="made">
<h2 id="made">How it was made</h2>
<dl>
$made
</dl>
</section>
<script>$script</script>
</body>
</html>
""")

STYLE = """:root {
  color-scheme: light dark;
  --paper: #fcfcfb; --shade: #f1f2f2; --ink: #1c2226; --quiet: #58636b;
  --line: #d6dbde; --accent: #0b62a4;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15191c; --shade: #20272b; --ink: #e6eaec; --quiet: #a3afb6;
    --line: #39434a; --accent: #6bb5f0;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.5rem clamp(1rem, 3vw, 2.5rem) 3rem; max-width: 100rem;
  background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif;
}
h1, h2 { line-height: 1.2; font-weight: 650; }
h1 { margin: 0 0 0.4rem; font-size: 1.8rem; overflow-wrap: anywhere; }
h2 { margin: 1.8rem 0 0.2rem; font-size: 1.15rem; }
p { margin: 0 0 0.6rem; max-width: 75ch; }
.lead { font-size: 1.1rem; }
.quiet { color: var(--quiet); font-size: 0.9rem; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.head { display: flex; flex-wrap: wrap; gap: 0 0.8rem; align-items: baseline; }
.head p { margin: 0; color: var(--quiet); }
.tools { display: flex; gap: 1rem; }
.tools label { display: inline-flex; gap: 0.5rem; align-items: center; }
html:not(.script) .tools, html:not(.script) .whole { display: none; }
.whole {
  font: inherit; font-size: 0.85rem; padding: 0.1rem 0.7rem; cursor: pointer; color: var(--ink);
  background: var(--shade); border: 1px solid var(--quiet); border-radius: 4px;
}
.whole:hover, .whole[aria-pressed="true"] { border-color: var(--accent); color: var(--accent); }
.row { display: flex; flex-wrap: wrap; gap: 0.6rem; list-style: none; padding: 0;
  margin: 0.5rem 0 0; }
.row li {
  width: clamp(5.2rem, calc((100% - 11 * 0.6rem) / 12), 7.2rem);
  text-align: center; font-size: 0.85rem; overflow-wrap: anywhere;
}
.sound {
  position: relative; display: block; width: 100%; aspect-ratio: 1; padding: 0; overflow: hidden;
  border: 1px solid var(--quiet); border-radius: 4px; background: #000; cursor: pointer;
}
.sound img { display: block; width: 100%; height: 100%; }
html:not(.script) .sound { cursor: default; }
.sound[aria-pressed="true"] { border-color: var(--accent); box-shadow: 0 0 0 3px var(--accent); }
.sign {
  position: absolute; inset: auto auto 0.3rem 0.3rem; width: 1.4rem; height: 1.4rem;
  border-radius: 50%; background: rgb(255 255 255 / 92%);
}
.sign::before {
  content: ""; position: absolute; inset: 0.38rem 0.34rem 0.38rem 0.48rem; background: #1c2226;
  clip-path: polygon(0 0, 100% 50%, 0 100%);
}
.sound[aria-pressed="true"] .sign::before { inset: 0.43rem; clip-path: none; }
html:not(.script) .sign { display: none; }
audio { display: block; width: 100%; height: 2rem; }
html.script audio { display: none; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.9rem; margin: 0.5rem 0; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.9rem 0.3rem 0; }
tr { border-bottom: 1px solid var(--line); }
td small { color: var(--quiet); display: block; max-width: 22rem; }
dl { margin: 0; font-size: 0.93rem; }
dt { font-weight: 600; }
dd { margin: 0 0 0.5rem; max-width: 90ch; overflow-wrap: anywhere; }
code { font: 0.86rem/1.5 ui-monospace, "SF Mono", Consolas, "Liberation Mono", monospace; }
"""

SCRIPT = """
"use strict";
(() => {
  const rows = [...document.querySelectorAll(".row")];
  const sounds = (row) => [...row.querySelectorAll(".sound")];
  const audioOf = (sound) => sound.parentElement.querySelector("audio");
  let playing = null;  // the sound that is heard
  let waiting = [];  // those that follow when a whole row is heard
  let whole = null;  // the button that asked for them

  document.documentElement.classList.add("script");

  function press(button, pressed) {
    if (button) button.setAttribute("aria-pressed", String(pressed));
  }

  function quiet() {
    if (!playing) return;
    press(playing, false);
    audioOf(playing).pause();
    playing = null;
  }

  function stop() {
    quiet();
    waiting = [];
    press(whole, false);
    whole = null;
  }

  function play(sound) {
    quiet();
    playing = sound;
    press(sound, true);
    const audio = audioOf(sound);
    audio.volume = document.getElementById("volume").value;
    audio.currentTime = 0;
    audio.play().catch(() => { if (playing === sound) stop(); });
  }

  function next(sound) {
    if (playing !== sound) return;
    const following = waiting.shift();
    if (following) play(following);
    else stop();
  }

  function lead(event) {
    const row = event.target.closest(".row");
    const at = row ? sounds(row).indexOf(event.target) : -1;
    if (at < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    const other = rows[rows.indexOf(row) + (event.key === "ArrowDown") - (event.key === "ArrowUp")];
    const there = other === undefined ? [] : sounds(other);
    const to = {
      ArrowRight: sounds(row)[at + 1],
      ArrowLeft: sounds(row)[at - 1],
      ArrowDown: there[Math.min(at, there.length - 1)],
      ArrowUp: there[Math.min(at, there.length - 1)],
      Home: sounds(row)[0],
      End: sounds(row).at(-1),
    }[event.key];
    if (!to) return;
    event.preventDefault();
    to.focus();
  }

  rows.flatMap(sounds).forEach((sound) => {
    sound.addEventListener("click", () => {
      const again = sound === playing;
      stop();
      if (!again) play(sound);
    });
    audioOf(sound).addEventListener("ended", () => next(sound));
  });
  document.querySelectorAll(".whole").forEach((button) => {
    button.addEventListener("click", () => {
      const again = button === whole;
      stop();
      if (again) return;
      whole = button;
      press(button, true);
      waiting = sounds(button.closest("section").querySelector(".row"));
      play(waiting.shift());
    });
  });
  document.getElementById("volume").addEventListener("input", (event) => {
    if (playing) audioOf(playing).volume = event.target.value;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") stop();
    else lead(event);
  });
})();
"""
