// Patterns of ground and marks of flags, drawn here: told apart by form as well as by colour.

type Named = [string, ImageData];
const SIDE = 28;
const MARK = 40;

export function patterns(): Named[] {
  return [
    ["not-flown", drawn(SIDE, "#ecede9", (pen) => lines(pen, "#3c424a", [1]))],
    ["not-assessable", drawn(SIDE, "#e6def0", (pen) => lines(pen, "#4a286e", [1, -1]))],
    ["skipped", drawn(SIDE, "#fdf0e6", dots)],
  ];
}

export function marks(): Named[] {
  return [
    ["mark-open", mark("#ffd23f", "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14z")],
    ["mark-confirmed", mark("#ff7a1a", "M10 2.5 18 17H2z")],
    ["mark-found", mark("#a3231f", "M3.5 3.5h13v13h-13z")],
    ["mark-nothing", mark("", "M5 5l10 10M15 5 5 15")],
  ];
}

function drawn(side: number, paper: string, paint: (pen: CanvasRenderingContext2D) => void): ImageData {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  const pen = canvas.getContext("2d")!;
  if (paper) {
    pen.fillStyle = paper;
    pen.fillRect(0, 0, side, side);
  }
  paint(pen);
  return pen.getImageData(0, 0, side, side);
}

/** Diagonals that run on from one repeat to the next. */
function lines(pen: CanvasRenderingContext2D, colour: string, slopes: number[]): void {
  pen.strokeStyle = colour;
  pen.lineWidth = 2.4;
  for (const slope of slopes) {
    for (const shift of [-SIDE / 2, 0, SIDE / 2, SIDE, 1.5 * SIDE]) {
      pen.beginPath();
      pen.moveTo(shift - SIDE, slope > 0 ? 2 * SIDE : -SIDE);
      pen.lineTo(shift + 2 * SIDE, slope > 0 ? -SIDE : 2 * SIDE);
      pen.stroke();
    }
  }
}

function dots(pen: CanvasRenderingContext2D): void {
  pen.fillStyle = "#8a3b00";
  for (const [x, y] of [[7, 7], [21, 21]]) {
    pen.beginPath();
    pen.arc(x, y, 3.4, 0, 2 * Math.PI);
    pen.fill();
  }
}

function mark(fill: string, outline: string): ImageData {
  return drawn(MARK, "", (pen) => {
    pen.scale(MARK / 20, MARK / 20);
    const path = new Path2D(outline);
    pen.lineJoin = pen.lineCap = "round";
    pen.strokeStyle = "#ffffff";
    pen.lineWidth = 4.5;
    pen.stroke(path);
    if (fill) {
      pen.fillStyle = fill;
      pen.fill(path);
    }
    pen.strokeStyle = "#1d2323";
    pen.lineWidth = 1.8;
    pen.stroke(path);
  });
}
