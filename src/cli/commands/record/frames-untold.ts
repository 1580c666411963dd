/** What is said where the frames of processes had no numbers. */
export const FRAMES_UNTOLD =
  "What a fork shares and what the host's own KSM has merged was not told apart: what is equal " +
  'at the same place, and mapped elsewhere too, is taken to be the same as there. To tell which ' +
  'takes CAP_SYS_ADMIN.';
