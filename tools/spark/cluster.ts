/** A cluster of Spark's own kind on this machine: a master and workers on loopback. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import type { Spark } from './installed.js';

const HOST = '127.0.0.1';

export interface Cluster {
  /** As --master takes it. */
  readonly master: string;
  stop(): Promise<void>;
}

export async function startCluster(
  spark: Spark,
  workers: number,
  memory: string,
  folder: string,
): Promise<Cluster> {
  const port = await freePort();
  const master = `spark://${HOST}:${port}`;
  const processes: ChildProcess[] = [];
  const start = async (name: string, args: readonly string[], isUp: RegExp): Promise<void> => {
    const process = spawn(
      join(spark.home, 'bin', 'spark-class'),
      [`org.apache.spark.deploy.${name}`, '--host', HOST, '--webui-port', '0', ...args],
      { env: spark.environment, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    processes.push(process);
    let said = '';
    for await (const part of process.stderr) {
      said += part;
      if (isUp.test(said)) break;
    }
    if (!isUp.test(said)) throw new Error(`Spark's ${name} has not come up: ${said}`);
  };
  const stop = async (): Promise<void> => {
    for (const each of processes) {
      if (each.exitCode !== null) continue;
      each.kill();
      await once(each, 'exit');
    }
  };
  try {
    await start('master.Master', ['--port', String(port)], /New state: ALIVE/);
    for (let worker = 0; worker < workers; worker++)
      await start(
        'worker.Worker',
        ['--cores', '1', '--memory', memory, '--work-dir', join(folder, `${worker}`), master],
        /Successfully registered with master/,
      );
    return { master, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
