// The client that OHIF and Slim are built on, as they use it. DICOMWEB_URL is a service that holds nothing
// yet, FILES a folder with what `holdings.py` describes.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { before, test } from 'node:test'

import dicomweb from 'dicomweb-client'
import XMLHttpRequest from 'xhr2'

globalThis.XMLHttpRequest = XMLHttpRequest

const url = process.env.DICOMWEB_URL
const folder = process.env.FILES
const client = new dicomweb.api.DICOMwebClient({ url, verbose: false })

const ct = named('1.1.1')
const multiframe = named('1.2.1')
const compressed = named('2.1.1')
const video = named('2.3.1')
const palette = named('2.4.1')
const pdf = named('2.5.1')

const JPEG_2000 = '1.2.840.10008.1.2.4.90'
const JPEG_LS = '1.2.840.10008.1.2.4.80'

function named(uid) {
  const [study, series] = uid.split('.')
  return { studyInstanceUID: study, seriesInstanceUID: `${study}.${series}`, sopInstanceUID: uid }
}

function read(name) {
  const bytes = readFileSync(`${folder}/${name}`)
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)
}

function values(found, tag) {
  return found.map(one => one[tag].Value[0]).sort()
}

function starts(picture, ...bytes) {
  assert.deepEqual([...new Uint8Array(picture.slice(0, bytes.length))], bytes)
}

let receipt

before(async () => {
  const datasets = readdirSync(folder).sort().map(read)
  receipt = JSON.parse(await client.storeInstances({ datasets }))
})

test('it stores instances with a message that begins with the end of a line', () => {
  assert.equal(receipt['00081199'].Value.length, 8)
  assert.equal(receipt['00081198'], undefined)
})

test('it finds studies, series and instances', async () => {
  const page = { limit: 101, offset: 0, fuzzymatching: false, includefield: '00081030,00080060' }

  const studies = await client.searchForStudies({ queryParams: { PatientName: '*DOE*', ...page } })
  const series = await client.searchForSeries({ studyInstanceUID: '1' })
  const flat = await client.searchForSeries({ queryParams: { Modality: 'MR' } })
  const instances = await client.searchForInstances({ studyInstanceUID: '1', seriesInstanceUID: '1.1' })

  assert.deepEqual(values(studies, '0020000D'), ['1'])
  assert.deepEqual(values(series, '0020000E'), ['1.1', '1.2'])
  assert.deepEqual(values(flat, '0020000D'), ['2'])
  assert.deepEqual(values(instances, '00080018'), ['1.1.1', '1.1.2'])
})

test('it finds nothing where nothing is', async () => {
  assert.deepEqual(await client.searchForStudies({ queryParams: { PatientID: 'nobody' } }), [])
})

test('it reads the metadata of studies, series and instances', async () => {
  const study = await client.retrieveStudyMetadata(ct)
  const series = await client.retrieveSeriesMetadata(ct)
  const [instance] = await client.retrieveInstanceMetadata(ct)

  assert.deepEqual(values(study, '00080018'), ['1.1.1', '1.1.2', '1.2.1'])
  assert.deepEqual(values(series, '00080018'), ['1.1.1', '1.1.2'])
  assert.equal(instance['00100010'].Value[0].Alphabetic, 'Doe^Jane')
})

test('it retrieves an instance, a series and a study as files', async () => {
  const instance = await client.retrieveInstance(ct)
  const series = await client.retrieveSeries(ct)
  const study = await client.retrieveStudy(ct)

  assert.deepEqual(Buffer.from(instance), readFileSync(`${folder}/1.1.1`))
  assert.deepEqual([series.length, study.length], [2, 3])
})

test('it retrieves an instance as it is stored with an Accept that is joined to its own', async () => {
  const headers = { Accept: 'multipart/related; type="application/dicom"; transfer-syntax=*' }
  const configured = new dicomweb.api.DICOMwebClient({ url, headers, verbose: false })

  const instance = await configured.retrieveInstance(compressed)

  assert.deepEqual(Buffer.from(instance), readFileSync(`${folder}/2.1.1`))
})

test('it retrieves several native frames', async () => {
  const [first, third] = await client.retrieveInstanceFrames({ ...multiframe, frameNumbers: [1, 3] })

  assert.deepEqual([first.byteLength, new Uint16Array(first)[1], new Uint16Array(third)[0]], [384, 1, 384])
})

test('it learns the transfer syntax of a frame from its part', async () => {
  const syntaxOf = async (mediaType, transferSyntaxUID) => {
    const mediaTypes = [{ mediaType, transferSyntaxUID }]
    const [frame] = await client.retrieveInstanceFrames({ ...compressed, frameNumbers: [1], mediaTypes })
    return frame.transferSyntaxUID
  }

  assert.equal(await syntaxOf('application/octet-stream', '*'), JPEG_2000)
  assert.equal(await syntaxOf('image/jp2', '*'), JPEG_2000)
  assert.equal(await syntaxOf('image/jls', JPEG_LS), JPEG_LS)
})

test('it retrieves rendered instances and frames', async () => {
  const queryParams = { viewport: '8,8' }
  const second = { ...multiframe, frameNumbers: [2], mediaTypes: [{ mediaType: 'image/png' }] }

  const instance = await client.retrieveInstanceRendered({ ...ct, queryParams })
  const frames = await client.retrieveInstanceFramesRendered({ ...second, queryParams })

  starts(instance[0], 0xff, 0xd8)
  starts(frames[0], 0x89, 0x50)
})

test('it retrieves thumbnails', async () => {
  const instance = await client.retrieveInstanceThumbnail(ct)
  const frame = await client.retrieveInstanceFramesThumbnail({ ...multiframe, frameNumbers: [2] })
  const mediaTypes = [{ mediaType: 'image/jpeg' }]
  const card = await client.retrieveInstanceThumbnail({ ...palette, mediaTypes })

  for (const [picture] of [instance, frame, card]) starts(picture, 0xff, 0xd8)
})

test('it retrieves a video and a document', async () => {
  const film = await client.retrieveInstanceRendered({ ...video, mediaTypes: [{ mediaType: 'video/mp4' }] })
  const document = await client.retrieveInstanceRendered(pdf)

  assert.match(Buffer.from(film[0]).toString('latin1'), /ftypmp42/)
  assert.match(Buffer.from(document[0]).toString('latin1'), /^%PDF/)
})

test('it retrieves bulk data in parts and as a single body', async () => {
  const [metadata] = await client.retrieveInstanceMetadata(palette)
  const { BulkDataURI } = metadata['00281201']
  const singly = new dicomweb.api.DICOMwebClient({ url, singlepart: 'bulkdata', verbose: false })
  const mediaTypes = [{ mediaType: 'video/mp4' }, { mediaType: 'application/octet-stream' }]
  const headers = { Accept: 'application/octet-stream', Range: 'bytes=2-3' }

  const [part] = await client.retrieveBulkData({ BulkDataURI })
  const [listed] = await client.retrieveBulkData({ BulkDataURI, mediaTypes })
  const [body] = await singly.retrieveBulkData({ BulkDataURI })
  const [range] = await singly.retrieveBulkData({ BulkDataURI, headers })

  assert.deepEqual([part.byteLength, listed.byteLength, body.byteLength], [131072, 131072, 131072])
  assert.deepEqual([...new Uint16Array(range)], [1])
})

test('it retrieves a thumbnail that the URL asks for and Accept does not', async () => {
  const { studyInstanceUID, seriesInstanceUID, sopInstanceUID } = ct
  const path = `${url}/studies/${studyInstanceUID}/series/${seriesInstanceUID}/instances/${sopInstanceUID}`

  const [picture] = await client.retrieveBulkData({ BulkDataURI: `${path}/thumbnail?accept=image/jpeg` })

  starts(picture, 0xff, 0xd8)
})

test('it is told the status of what is not there', async () => {
  await assert.rejects(client.retrieveInstanceFrames({ ...ct, frameNumbers: [9] }), { status: 404 })
})

test('it builds the URL of WADO-URI for an instance as it is stored', async () => {
  const uris = new dicomweb.api.DICOMwebClient({ url, wadoURLPrefix: 'wado', verbose: false })

  const answer = await fetch(uris.buildInstanceWadoURIUrl(compressed))

  assert.equal(answer.status, 200)
  assert.deepEqual(Buffer.from(await answer.arrayBuffer()), readFileSync(`${folder}/2.1.1`))
})
