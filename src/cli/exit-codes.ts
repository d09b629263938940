export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  tooManyRejects: 3,
  interrupted: 130,
} as const;
