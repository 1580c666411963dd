/**
 * npm run packed: ksmd as others get it, packed and installed, at work under each Node it is for.
 * Needs the registry. Exit status 1 if something fails under one, or comes out otherwise there.
 */
import { Installation } from './packed/installation.js';
import { tryUnder } from './packed/trial.js';

/** Those that are maintained, besides the one at hand. */
const OTHERS = ['22', '24'];

const installation = await Installation.make();
try {
  await installation.compile();
  console.log('installed, and programs against ksmd/client and ksmd/sim compiled');
  const wanted = await under(process.execPath);
  for (const version of OTHERS) {
    const printed = await under(await installation.nodeJs(version));
    if (printed !== wanted)
      throw new Error(`the programs print otherwise here:\n${printed}than before:\n${wanted}`);
  }
  console.log(`what the programs print under each:\n${wanted}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  installation.remove();
}

/** What both programs print. */
async function under(nodeJs: string): Promise<string> {
  const version = await installation.run(nodeJs, ['--version']);
  console.log(`Node ${version.trim()}`);
  const { simulation, client, verbs } = await tryUnder(nodeJs, installation);
  console.log(
    `  both programs run, and ${[...verbs.keys()].map((verb) => `ksmd ${verb}`).join(', ')}`,
  );
  return simulation + client;
}
