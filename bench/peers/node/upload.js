// The plainest way to take a file with Node.js: busboy reads the form, and the file goes to disk.
import { createWriteStream, mkdtempSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import busboy from 'busboy';

const folder = mkdtempSync(join(process.argv[2], 'uploads-'));
let count = 0;

const http = createServer((request, response) => {
  const form = busboy({ headers: request.headers });
  let written = Promise.resolve();
  form.on('file', (_field, file) => {
    written = pipeline(file, createWriteStream(join(folder, String((count += 1)))));
  });
  form.on('close', async () => {
    await written;
    response.writeHead(201, { 'Content-Type': 'application/json' });
    response.end('{"success":true}');
  });
  request.pipe(form);
});

http.requestTimeout = 0;
http.listen(0, '127.0.0.1', () => {
  console.log(`The Node.js upload peer is at http://127.0.0.1:${http.address().port}`);
});
