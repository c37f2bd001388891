/* SPDX-FileCopyrightText: 2026 The Hakozuna authors
 * SPDX-License-Identifier: Apache-2.0 */
'use strict';
function valueOf(row, index) {
  const cell = row.cells[index];
  const text = cell.dataset.v === undefined ? cell.textContent.trim() : cell.dataset.v;
  const number = parseFloat(text);
  return text === '' || Number.isNaN(number) ? text : number;
}
/* Numbers first, then texts; what is empty stays at the end in both directions. */
function compare(a, b, sign) {
  if (a === '' || b === '') return (a === '') - (b === '');
  if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1;
  return sign * (typeof a === 'number' ? a - b : a.localeCompare(b));
}
function sortBy(head) {
  const sign = head.getAttribute('aria-sort') === 'ascending' ? -1 : 1;
  const body = head.closest('table').tBodies[0];
  const rows = Array.from(body.rows);
  rows.sort((a, b) => compare(valueOf(a, head.cellIndex), valueOf(b, head.cellIndex), sign));
  for (const other of head.parentNode.cells) other.removeAttribute('aria-sort');
  head.setAttribute('aria-sort', sign === 1 ? 'ascending' : 'descending');
  body.append(...rows);
}
function copy(button) {
  const range = document.createRange();
  range.selectNodeContents(button.parentNode.querySelector('pre'));
  const selection = getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
  button.textContent = document.execCommand('copy') ? 'copied' : 'selected';
}
document.addEventListener('click', (event) => {
  const head = event.target.closest('.sortable thead th');
  const button = event.target.closest('.copy');
  if (head) sortBy(head);
  if (button) copy(button);
});
