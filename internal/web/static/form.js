// What a script adds to a form that people fill in: it is kept as they type, and questions come and go with the answers
// before them. The form works without it.
(function () {
  'use strict';

  var dirty = false, leaving = false;

  function form() { return document.getElementById('form'); }

  // Show what is asked now; what is not stays in the form, so that nothing typed is lost.
  function arrange(state) {
    var asked = ' ' + (state.getAttribute('data-asked') || '') + ' ';
    var fields = document.querySelectorAll('[data-field]');
    for (var i = 0; i < fields.length; i++) {
      fields[i].hidden = asked.indexOf(' ' + fields[i].getAttribute('data-field') + ' ') < 0;
    }
    var sections = document.querySelectorAll('[data-section]');
    for (var s = 0; s < sections.length; s++) {
      sections[s].hidden = !sections[s].querySelector('[data-field]:not([hidden])');
    }
  }

  document.addEventListener('input', function (e) {
    if (e.target.form && e.target.form === form()) dirty = true;
  });
  document.addEventListener('htmx:afterSwap', function () {
    var state = document.getElementById('form-state');
    if (!state || state.hasAttribute('data-ended')) return;
    if (state.hasAttribute('data-asked')) arrange(state);
    dirty = !!state.querySelector('[name=newer]');
  });

  // A button sends the whole form: what was under way beside it is not needed any more.
  document.addEventListener('submit', function (e) {
    if (e.target !== form()) return;
    leaving = true;
    if (window.htmx) window.htmx.trigger(e.target, 'htmx:abort');
  });

  // Back from signing in elsewhere, what stands on the page is kept.
  document.addEventListener('visibilitychange', function () {
    var state = document.getElementById('form-state');
    if (document.visibilityState === 'visible' && state && state.hasAttribute('data-ended')) window.htmx.trigger(form(), 'change');
  });

  // Who leaves in the middle of a word loses none of it.
  window.addEventListener('pagehide', function () {
    var f = form();
    if (!f || !dirty || leaving || !f.getAttribute('hx-post') || !navigator.sendBeacon) return;
    navigator.sendBeacon(f.getAttribute('hx-post'), new URLSearchParams(new FormData(f)));
  });
  window.addEventListener('pageshow', function (e) {
    if (e.persisted && form()) location.reload();
  });
})();
