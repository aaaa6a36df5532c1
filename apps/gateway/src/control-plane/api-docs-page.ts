/** What `/docs` is made of. Nothing is inline and nothing is from elsewhere, so the page's policy needs no exception. */

/** The page. @param token of the reader's session, nothing but letters, digits, `-` and `_`. */
export function pageOf(token = ''): string {
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <meta name="shoal-session" content="${token}">
  <title>Shoal API</title>
  <link rel="icon" href="/ui/favicon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/docs/swagger-ui.css">
  <link rel="stylesheet" href="/docs/shoal.css">
  <script src="/docs/swagger-ui-bundle.js" defer></script>
  <script src="/docs/shoal.js" defer></script>
</head>
<body>
  <header class="bar">
    <a class="home" href="/ui/" aria-label="Shoal, the portal">
      <img src="/ui/logo.svg" alt="" width="34" height="34">
      <span>Shoal <b>API</b></span>
    </a>
    <nav>
      <a href="/openapi.json">openapi.json</a>
      <a href="/ui/">Portal</a>
    </nav>
  </header>
  <main id="swagger-ui"></main>
</body>
</html>
`;
}

/** Starts Swagger UI. What it sends to this gateway carries the reader's session, if there is one. */
export const SCRIPT = `'use strict';
const dark = matchMedia('(prefers-color-scheme: dark)');
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
follow();
dark.addEventListener('change', follow);

const token = document.querySelector('meta[name="shoal-session"]').content;
SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  presets: [SwaggerUIBundle.presets.apis],
  // The command that it shows to copy does not carry the token.
  showMutatedRequest: false,
  requestInterceptor: (request) => {
    const { origin, pathname } = new URL(request.url, location.href);
    if (token && origin === location.origin && pathname.startsWith('/system/')) request.headers['X-Shoal-Session'] = token;
    return request;
  },
});
`;

/** The portal's colours on Swagger UI, which has a dark mode of its own and is told by its class when to use it. */
export const STYLE = `:root {
  --ground: #f4f7f8; --surface: #ffffff; --ink: #0f2a33; --soft: #4b6670; --line: #d5e0e3; --link: #0b6477;
  --stamp: #0b6477;
  --get: #0f7b85; --post: #0f4557; --put: #8a6100; --delete: #c0341f; --other: #4b6670; --code: #0f2a33;
}
:root.dark-mode {
  --ground: #0e171b; --surface: #15222a; --ink: #e6eff1; --soft: #9fb5bc; --line: #273a43; --link: #6ec9d4;
  --stamp: #6ec9d4;
  --get: #0f7b85; --post: #35688c; --put: #8a6412; --delete: #b84534; --other: #55707a; --code: #0a1216;
}
:root:root { background: var(--ground); }
body { margin: 0; color: var(--ink); font-family: system-ui, sans-serif; }
.bar {
  display: flex; flex-wrap: wrap; gap: 8px 24px; align-items: center; justify-content: space-between;
  padding: 10px max(20px, calc((100% - 1420px) / 2)); background: var(--surface); border-bottom: 1px solid var(--line);
}
.bar a { color: var(--link); text-decoration: none; border-radius: 6px; }
.bar a:hover { text-decoration: underline; }
.bar a:focus-visible { outline: 2px solid var(--link); outline-offset: 3px; }
.bar nav { display: flex; gap: 20px; font-size: 15px; }
.bar .home { display: flex; gap: 10px; align-items: center; color: var(--ink); font-size: 20px; font-weight: 600; }
.bar .home:hover { text-decoration: none; }
.bar b { color: var(--soft); font-weight: 400; }
:root:root:root:root .swagger-ui { background: none; color: var(--ink); font-family: inherit; }
:root:root:root:root .swagger-ui .info { margin: 32px 0 24px; }
:root:root:root:root .swagger-ui :is(.info .title, .info p, .info li, .opblock-tag, .opblock-tag small, .opblock .opblock-summary-path, .opblock-description-wrapper p, .tab li, label,
  .parameter__name, .parameter__type, .response-col_status, .response-col_links, table thead tr :is(td, th), .responses-inner :is(h4, h5), .opblock-section-header h4,
  .model, .model-title, section.models h4, .dialog-ux .modal-ux-header h3, .dialog-ux .modal-ux-content :is(h4, p), .auth-container .errors) { color: var(--ink); font-family: inherit; }
:root:root:root:root .swagger-ui .opblock .opblock-summary-description { color: var(--soft); font-family: inherit; }
:root:root:root:root .swagger-ui .opblock .opblock-summary-path { font-family: ui-monospace, monospace; }
:root:root:root:root .swagger-ui .info .title small { background: var(--soft); }
:root:root:root:root .swagger-ui .info .title small.version-stamp { background: var(--stamp); }
:root:root:root.dark-mode .swagger-ui .info .title small pre { color: #0e171b; }
:root:root:root:root .swagger-ui :is(.info a, .opblock-tag a, .link) { color: var(--link); }
:root:root:root:root .swagger-ui .scheme-container { margin: 0 0 16px; padding: 16px 0; background: var(--surface); border-block: 1px solid var(--line); box-shadow: none; }
:root:root:root:root .swagger-ui .opblock-tag { border-bottom-color: var(--line); }
:root:root:root:root .swagger-ui .opblock { --method: var(--other); background: var(--surface); border: 1px solid var(--line); border-left: 4px solid var(--method); border-radius: 8px; box-shadow: none; overflow: hidden; }
:root:root:root:root .swagger-ui .opblock.opblock-get { --method: var(--get); }
:root:root:root:root .swagger-ui .opblock.opblock-post { --method: var(--post); }
:root:root:root:root .swagger-ui .opblock:is(.opblock-put, .opblock-patch) { --method: var(--put); }
:root:root:root:root .swagger-ui .opblock.opblock-delete { --method: var(--delete); }
:root:root:root:root .swagger-ui .opblock .opblock-summary { border-color: var(--line); }
:root:root:root:root .swagger-ui .opblock .opblock-summary-method { background: var(--method); color: #ffffff; border-radius: 6px; font-family: inherit; text-shadow: none; }
:root:root:root:root .swagger-ui .opblock .opblock-section-header { background: var(--ground); box-shadow: none; border-block: 1px solid var(--line); }
:root:root:root:root .swagger-ui .opblock .tab-header .tab-item.active h4 span::after { background: var(--method); }
:root:root:root:root .swagger-ui .btn { border-radius: 6px; box-shadow: none; font-family: inherit; }
:root:root:root:root .swagger-ui .btn.authorize { color: var(--link); border-color: var(--link); }
:root:root:root:root .swagger-ui .btn.authorize :is(svg, path) { fill: var(--link); }
:root:root:root:root .swagger-ui .btn.execute { background: #0b6477; border-color: #0b6477; color: #ffffff; }
:root:root:root:root .swagger-ui section.models { border-color: var(--line); border-radius: 8px; }
:root:root:root:root .swagger-ui section.models.is-open h4 { border-bottom-color: var(--line); }
:root:root:root:root .swagger-ui section.models .model-container { background: var(--surface); }
:root:root:root:root .swagger-ui :is(input[type=text], input[type=password], textarea, select) { background: var(--surface); color: var(--ink); border: 1px solid var(--soft); border-radius: 6px; box-shadow: none; }
:root:root:root:root .swagger-ui .dialog-ux .modal-ux { background: var(--surface); border-color: var(--line); }
:root:root:root:root .swagger-ui .opblock-tag :is(a, span) { color: var(--ink); }
:root:root:root:root .swagger-ui :is(.info hgroup.main > a, .response-col_links) { display: none; }
:root:root:root:root .swagger-ui :is(pre, .microlight, .highlight-code > pre, .curl-command pre) { background: var(--code) !important; border-radius: 8px; }
:root:root:root:root .swagger-ui :is(.markdown, .renderedMarkdown) code { background: var(--ground); color: var(--link); }
:root:root:root:root .swagger-ui .info .title pre { background: none !important; }
:root:root:root:root .swagger-ui .response-control-media-type--accept-controller select { border-color: var(--link); }
:root:root:root:root .swagger-ui .response-control-media-type__accept-message { color: var(--soft); }
:root:root:root:root .swagger-ui .dialog-ux .modal-ux-header { border-bottom-color: var(--line); }
:root:root:root:root .swagger-ui :is(table thead tr :is(td, th), .auth-container) { border-color: var(--line); }
:root:root:root:root .swagger-ui input:focus:not(.download-url-input) { border-color: var(--link) !important; outline: 2px solid var(--link); }
@media (max-width: 640px) {
  :root:root:root:root .swagger-ui .wrapper { padding: 0 12px; }
  :root:root:root:root .swagger-ui .opblock .opblock-summary-control { flex-wrap: nowrap; }
  :root:root:root:root .swagger-ui .opblock .opblock-summary-path-description-wrapper { flex: 1; min-width: 0; }
  :root:root:root:root .swagger-ui .opblock .opblock-summary-description { padding: 0 10px 0 0; margin: 0; }
  :root:root:root:root .swagger-ui .opblock-tag { font-size: 20px; }
}
`;
