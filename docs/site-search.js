/*
 * The site's search, in the place of TypeDoc's: by section instead of by page, with the words around what was found, and
 * for questions as people ask them. It runs in the browser, without a server: scripts/docs.mjs puts lunr before it, and
 * the sections behind it. TypeDoc's own script goes on opening the dialogue and moving through the results.
 */
/* global lunr */
(function () {
  'use strict';

  const MOST_RESULTS = 12;
  const SNIPPET_LENGTH = 150;
  /** Words of a question that say nothing about its subject, beside those that lunr leaves out anyway. */
  const FILLERS = new Set('use using used need set get make mean means meaning does do work works another'.split(' '));
  const SEPARATOR = /[\s\-/.,:;()[\]{}'"`<>|=?!@#$&+*~^…“”’·×]+/;

  /** Words as they are indexed: `keySetTenant` is also found as `key set tenant`. */
  function wordsOf(text) {
    const whole = text.split(SEPARATOR).filter(Boolean);
    const parts = whole.flatMap((word) => {
      const split = word.split(/_|(?<=[a-z])(?=[A-Z])/).filter(Boolean);
      return split.length > 1 ? split : [];
    });
    return [...whole, ...parts].map((word) => word.toLowerCase());
  }

  /** A section of a page is { page, title, url, text }; an API is one without text. */
  function indexOf(sections) {
    return lunr(function () {
      this.tokenizer = (value) => wordsOf(String(value ?? '')).map((word, index) => new lunr.Token(word, { index }));
      this.ref('id');
      this.field('title', { boost: 6 });
      this.field('page', { boost: 2 });
      this.field('text');
      sections.forEach((section, id) => this.add({ ...section, id }, { boost: weightOf(section) }));
    });
  }

  /** The start page mentions everything, and an API's name says little. */
  function weightOf({ url, text }) {
    if (text === undefined) return 0.4;
    return url.startsWith('index.html') ? 0.6 : 1;
  }

  function termsOf(question) {
    const words = question.toLowerCase().split(SEPARATOR).filter(Boolean);
    const telling = words.filter(
      (word) => lunr.stopWordFilter(new lunr.Token(word)) !== undefined && !FILLERS.has(word),
    );
    return [...new Set(telling.length > 0 ? telling : words)];
  }

  /** What is called like the question stands first; then what matches more of its words. */
  function find(index, sections, question) {
    const terms = termsOf(question);
    const best = new Map();
    for (const term of terms) {
      const found = index.query((query) => {
        query.term(term, { boost: 10 });
        if (term.length > 2) query.term(term, { boost: 3, wildcard: lunr.Query.wildcard.TRAILING, usePipeline: false });
        if (term.length > 5) query.term(term, { boost: 1, editDistance: 1 });
      });
      for (const { ref, score } of found) {
        const { score: before, terms: matched } = best.get(ref) ?? { score: 0, terms: 0 };
        best.set(ref, { score: before + score, terms: matched + 1 });
      }
    }
    return [...best]
      .map(([ref, { score, terms: matched }]) => {
        const isCalledSo = sections[ref].title.split('.').at(-1).toLowerCase() === question.toLowerCase();
        return { ref, score: score * (matched / terms.length) ** 3 * (isCalledSo ? 100 : 1) };
      })
      .sort((one, other) => other.score - one.score)
      .slice(0, MOST_RESULTS)
      .map(({ ref }) => Number(ref));
  }

  /** The part of a text that has most of the question's words. */
  function snippetOf(text, terms) {
    const lower = text.toLowerCase();
    const stems = terms.map(stemOf);
    const places = stems.flatMap((stem) => placesOf(lower, stem));
    const matchesAt = (place) => {
      const window = lower.slice(place, place + SNIPPET_LENGTH - 40);
      return stems.filter((stem) => window.includes(stem)).length;
    };
    const best = places.reduce((one, other) => (matchesAt(other) > matchesAt(one) ? other : one), places[0] ?? 0);
    const from = best < 40 ? 0 : lower.indexOf(' ', best - 40) + 1;
    const cut = text.slice(from, from + SNIPPET_LENGTH);
    return `${from > 0 ? '… ' : ''}${cut}${from + SNIPPET_LENGTH < text.length ? ' …' : ''}`;
  }

  /** Where a string stands in a text; the first hundred places are enough. */
  function placesOf(text, part) {
    const places = [];
    for (let at = text.indexOf(part); at >= 0 && places.length < 100; at = text.indexOf(part, at + 1)) places.push(at);
    return places;
  }

  function stemOf(term) {
    return String(lunr.stemmer(new lunr.Token(term)));
  }

  /** The text with the question's words marked, as nodes: nothing of it is taken for HTML. */
  function marked(text, terms) {
    const stems = terms.map(stemOf).filter((stem) => stem.length > 1);
    const holder = document.createDocumentFragment();
    for (const word of text.split(/(\s+)/)) {
      const isMarked = stems.some((stem) => word.toLowerCase().includes(stem));
      const node = isMarked ? document.createElement('mark') : document.createTextNode(word);
      if (isMarked) node.textContent = word;
      holder.append(node);
    }
    return holder;
  }

  function element(name, className, ...children) {
    const made = document.createElement(name);
    if (className) made.className = className;
    made.append(...children);
    return made;
  }

  function start(sections) {
    const field = document.getElementById('tsd-search-input');
    const results = document.getElementById('tsd-search-results');
    const status = document.getElementById('tsd-search-status');
    const base = document.documentElement.dataset.base;
    const root = base.endsWith('/') ? base : `${base}/`;
    let index;

    function resultOf(id, at, terms) {
      const { page, title, url, text } = sections[id];
      const path = element('span', 'site-search-path', page === title ? '' : `${page} › `, marked(title, terms));
      const link = element('a', 'site-search-result', path);
      if (text) link.append(element('span', 'site-search-snippet', marked(snippetOf(text, terms), terms)));
      link.href = root + url;
      link.tabIndex = -1;
      const item = element('li', '', link);
      item.id = `site-search-${at}`;
      item.setAttribute('role', 'option');
      item.setAttribute('aria-selected', 'false');
      return item;
    }

    function search() {
      const question = field.value.trim();
      const terms = termsOf(question);
      index ??= indexOf(sections);
      const found = question === '' ? [] : find(index, sections, question);
      results.replaceChildren(...found.map((id, at) => resultOf(id, at, terms)));
      status.textContent = question !== '' && found.length === 0 ? `Nothing is found for “${question}”.` : '';
    }

    // Before TypeDoc's own listener, which would search in an index that is not there.
    document.addEventListener(
      'input',
      (event) => {
        if (event.target !== field) return;
        event.stopPropagation();
        search();
      },
      true,
    );
    status.textContent = '';
    if (field.value !== '') search();
  }

  /** The script may be there before the page that it searches from. */
  function startWhenReady(sections) {
    if (document.readyState !== 'loading') return start(sections);
    document.addEventListener('DOMContentLoaded', () => start(sections), { once: true });
    return undefined;
  }

  globalThis.siteSearch = { start: startWhenReady };
})();
