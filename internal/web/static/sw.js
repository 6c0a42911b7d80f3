// Answers for pages of visits while there is no network. It keeps pages of one account alone, each under its own address, and the scripts
// and styles that they name; it touches no other page.
'use strict';

var PREFIX = 'yz-visit-';

function isVisit(url) { return url.origin === self.location.origin && /^\/visits\/\d+$/.test(url.pathname); }
function isAsset(url) { return url.origin === self.location.origin && url.pathname.indexOf('/static/') === 0; }
function addressOf(url) { return url.origin + url.pathname; }

self.addEventListener('install', function () { self.skipWaiting(); });
self.addEventListener('activate', function (e) { e.waitUntil(self.clients.claim()); });

// others drops what is kept for any account but one; for '' all of it.
async function others(account) {
  for (var name of await caches.keys()) {
    if (name.indexOf(PREFIX) === 0 && name !== PREFIX + account) await caches.delete(name);
  }
}

// forget drops a page, whoever it was kept for.
async function forget(address) {
  for (var name of await caches.keys()) {
    if (name.indexOf(PREFIX) === 0) await (await caches.open(name)).delete(address);
  }
}

// keep takes a page over from what the server said of it just now.
async function keep(address, answer) {
  var account = answer.headers.get('X-Yanzhen-Account');
  if (answer.status === 403 || answer.status === 404) {
    await forget(address);
    return;
  }
  if (answer.status !== 200 || !account || answer.redirected) return;
  await others(account);
  await (await caches.open(PREFIX + account)).put(address, answer);
}

// kept is what stands under an address; nothing where there is none.
async function kept(address) {
  for (var name of await caches.keys()) {
    if (name.indexOf(PREFIX) !== 0) continue;
    var found = await (await caches.open(name)).match(address);
    if (found) return found;
  }
  return undefined;
}

async function page(e, address) {
  var answer;
  try {
    answer = await fetch(e.request);
  } catch (err) {
    var old = await kept(address);
    if (old) return old;
    throw err;
  }
  e.waitUntil(keep(address, answer.clone()));
  return answer;
}

async function asset(request) {
  return await kept(request.url) || fetch(request);
}

self.addEventListener('fetch', function (e) {
  var url = new URL(e.request.url);
  if (e.request.method !== 'GET') return;
  if (e.request.mode === 'navigate' && isVisit(url)) e.respondWith(page(e, addressOf(url)));
  else if (isAsset(url)) e.respondWith(asset(e.request));
});

// The page was there before this was: it says where it stands and what it needs.
async function prepare(said) {
  var address = addressOf(new URL(said.page, self.location.origin));
  if (!isVisit(new URL(address))) return false;
  await keep(address, await fetch(address, {credentials: 'same-origin', redirect: 'manual'}));
  var cache = await caches.open(PREFIX + said.account), page = await cache.match(address);
  if (!page) return false;
  var wanted = {};
  for (var name of said.assets) {
    var url = new URL(name, self.location.origin);
    if (!isAsset(url)) continue;
    wanted[url.href] = true;
    if (!await cache.match(url.href)) await cache.add(url.href);
  }
  for (var request of await cache.keys()) { // of a version before this one
    if (isAsset(new URL(request.url)) && !wanted[request.url]) await cache.delete(request);
  }
  return true;
}

self.addEventListener('message', function (e) {
  var said = e.data || {}, answer = e.ports[0];
  if (said.do === 'prepare') {
    e.waitUntil(prepare(said).then(function (ok) { answer.postMessage(ok); }, function () { answer.postMessage(false); }));
  } else if (said.do === 'forget') {
    e.waitUntil(forget(addressOf(new URL(said.page, self.location.origin))).then(function () { answer.postMessage(true); }));
  }
});
