export type HeaderList = readonly (readonly [name: string, value: string])[];
