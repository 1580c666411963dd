/** How colours are seen, by people who lack one kind of cone too, and how far apart they are. */
type Triple = readonly [number, number, number];

/**
 * What a colour comes to for people who lack one kind of cone: Machado, Oliveira and Fernandes
 * 2009, on linear RGB.
 */
const CONES: Record<string, readonly Triple[]> = {
  trichromacy: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};
/** Distance in OKLab of colours that are told apart side by side without effort. */
export const APART = 0.1;

function dot(row: Triple, [x, y, z]: Triple): number {
  return row[0] * x + row[1] * y + row[2] * z;
}

function linear(colour: string): Triple {
  const channel = (from: number): number => {
    const value = Number.parseInt(colour.slice(from, from + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}

function oklab(rgb: Triple): Triple {
  const cones: Triple = [
    Math.cbrt(dot([0.4122214708, 0.5363325363, 0.0514459929], rgb)),
    Math.cbrt(dot([0.2119034982, 0.6806995451, 0.1073969566], rgb)),
    Math.cbrt(dot([0.0883024619, 0.2817188376, 0.6299787005], rgb)),
  ];
  return [
    dot([0.2104542553, 0.793617785, -0.0040720468], cones),
    dot([1.9779984951, -2.428592205, 0.4505937099], cones),
    dot([0.0259040371, 0.7827717662, -0.808675766], cones),
  ];
}

export function distance(a: Triple, b: Triple): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

export const SIGHTS = Object.keys(CONES);

/** A colour, `#rrggbb`, as somebody with that sight has it: in OKLab. */
export function seenWith(sight: string, colour: string): Triple {
  const rgb = linear(colour);
  const [red = 0, green = 0, blue = 0] = (CONES[sight] ?? []).map((row) =>
    Math.min(1, Math.max(0, dot(row, rgb))),
  );
  return oklab([red, green, blue]);
}
