// A page to read the API by, made of its own OpenAPI document: no script, no file from elsewhere.

interface Operation {
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly description?: string }[];
  readonly requestBody?: unknown;
}

interface Document {
  readonly info: { readonly title: string; readonly version: string };
  readonly paths?: Readonly<Record<string, unknown>>;
}

export const READER_STYLE = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 0 auto; padding: 1rem }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #8884 }
code { font-family: ui-monospace, monospace; overflow-wrap: anywhere }
`;

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

export function readerPage({ info, paths = {} }: Document): string {
  const rows = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item as Readonly<Record<string, Operation>>).map(([method, operation]) => row(method, path, operation)),
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(info.title)}</title>
<link rel="stylesheet" href="/api.css">
</head>
<body>
<h1>${escaped(info.title)} ${escaped(info.version)}</h1>
<p>The same for machines, with every schema: <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1). Errors are
application/problem+json and change nothing.</p>
<table>
<thead><tr><th scope="col">Operation</th><th scope="col">What it does</th><th scope="col">Parameters</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>
</body>
</html>
`;
}

function row(method: string, path: string, { summary = '', parameters = [], requestBody }: Operation): string {
  const taken = [
    ...parameters.map(({ name, in: where }) => `${name} (${where})`),
    ...(requestBody === undefined ? [] : ['a JSON body']),
  ];
  return `<tr><td><code>${method.toUpperCase()} ${escaped(path)}</code></td><td>${escaped(summary)}</td><td>${escaped(taken.join(', '))}</td></tr>`;
}
