/** What is seen of a chart. */
import type { Page } from 'playwright-core';

/** How many pixels of a chart have the colour that a property of the page's styles names. */
export function pixelsOf(page: Page, chart: string, property: string): Promise<number> {
  return page.locator(`#${chart} canvas`).evaluate((canvas, name) => {
    const { width, height } = canvas as HTMLCanvasElement;
    const copy = document.createElement('canvas');
    copy.width = width;
    copy.height = height + 1;
    // Read from a copy: the browser warns of a canvas on a screen that is read again and again.
    const read = copy.getContext('2d', { willReadFrequently: true });
    if (read === null) return 0;
    read.drawImage(canvas as HTMLCanvasElement, 0, 0);
    read.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(name);
    read.fillRect(0, height, 1, 1);
    const wanted = read.getImageData(0, height, 1, 1).data.join();
    const { data } = read.getImageData(0, 0, width, height);
    let count = 0;
    for (let at = 0; at < data.length; at += 4)
      if (data.slice(at, at + 4).join() === wanted) count++;
    return count;
  }, property);
}

/** The charts take the width that there is. */
export function areAsWideAsTheirPlaces(page: Page): Promise<boolean> {
  return page
    .locator('#saved-chart')
    .evaluate((place) => place.querySelector('.u-wrap')?.clientWidth === place.clientWidth);
}
