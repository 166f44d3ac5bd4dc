/* "(2) Fernway Broadband": unread messages in the page's title, and the page's own title back afterwards. */

const PREFIX = /^\(\d+\) /;

export function showInTitle(count) {
  const own = document.title.replace(PREFIX, "");
  const title = count ? `(${count}) ${own}` : own;
  if (document.title !== title && (count || PREFIX.test(document.title))) document.title = title;
}
