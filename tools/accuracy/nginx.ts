/** An nginx of one master and a few workers, which pack texts of this Debian for their clients. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { foundProgram } from './found-program.js';

const WORKERS = 3;
const TEXTS = '/usr/share/common-licenses';

const configuration = (home: string): string => `
daemon off;
user nobody nogroup;
worker_processes ${WORKERS};
pid ${home}/pid;
error_log stderr crit;
events { worker_connections 8192; }
http {
  access_log off;
  sendfile off;
  output_buffers 4 256k;
  gzip on;
  gzip_types *;
  gzip_buffers 64 16k;
  keepalive_requests 1000000;
  client_body_temp_path ${home}/body;
  proxy_temp_path ${home}/proxy;
  fastcgi_temp_path ${home}/fastcgi;
  uwsgi_temp_path ${home}/uwsgi;
  scgi_temp_path ${home}/scgi;
  server {
    listen unix:${home}/socket;
    root ${TEXTS};
    default_type text/plain;
  }
}
`;

/** The server's, with all that it writes in `home`, which is made. */
export function nginxCommand(home: string): { command: string[]; socket: string } {
  mkdirSync(home, { recursive: true });
  const path = join(home, 'nginx.conf');
  writeFileSync(path, configuration(home));
  const nginx = foundProgram('nginx') ?? 'nginx';
  return {
    command: [nginx, '-p', home, '-e', 'stderr', '-c', path],
    socket: join(home, 'socket'),
  };
}
