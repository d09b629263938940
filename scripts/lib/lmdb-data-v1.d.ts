export const lmdbVersion: string;
export const commonFormatHome: string;
export function packageFolder(home: string): string;
export function isCompiled(folder: string): boolean;
